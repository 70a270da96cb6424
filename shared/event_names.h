#pragma once

#include <span>
#include <string_view>

namespace tba {

/// The events that the daemon raises by itself.
std::span<const std::string_view> built_in_events();

/// Whether it tells of the end of a run ("run.failed"), which belongs to a workflow.
bool is_run_event(std::string_view name);

/// Whether names that begin like this one are the daemon's own: nobody else can emit them.
bool is_reserved_event(std::string_view name);

/// Whether the text may be the name of an event: words of letters, digits, '_' and '-' with dots
/// between them ("orders.created"), 100 characters at most.
bool is_event_name(std::string_view text);

/// What to tell who wrote one that is none.
inline constexpr std::string_view kEventNameHint =
    "words of letters, digits, '_' and '-', with dots between them: orders.created";

}  // namespace tba
