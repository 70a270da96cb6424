#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "shared/error.h"

/// Shows a Result in a failed assertion: its error, or that it has a value, which need not be
/// printable.
template <class T>
struct Catch::StringMaker<tba::Result<T>> {
  static std::string convert(const tba::Result<T>& result) {
    return result ? "a value" : "error: " + result.error().message;
  }
};
