#pragma once

#include <string_view>

/// The kinds of signals that reach a run, and what they bring as data.
namespace tba::engine::signals {

/// Somebody wants the run to end. {"by"?: who}
inline constexpr std::string_view kCancel = "cancel";

/// A sub-run ended. {"run", "status", "output", "failure"?: as `.error`}
inline constexpr std::string_view kSubRun = "sub-run";

/// An event came that a step may be waiting for. Its data; its instant is the signal's.
inline constexpr std::string_view kEvent = "event";

/// Somebody decided about a step that waits for an approval. {"approved": boolean, "by"?,
/// "comment"?}
inline constexpr std::string_view kApproval = "approval";

/// Somebody decided how an interrupted step goes on. {"decision": "repeat" | "skip" | "fail",
/// "by"?}
inline constexpr std::string_view kResume = "resume";

}  // namespace tba::engine::signals
