#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "shared/expression/functions/tables.h"

namespace tba::expression::detail {
namespace {

Failure no_number(const Value& value) {
  return {described(value) + " number required"};
}

const Value* first_that_is_no_number(std::span<const Value> values) {
  for (const auto& value : values) {
    if (!value.is_number()) return &value;
  }
  return nullptr;
}

// --- functions of the C library
//
// jq names them as C does. Those that round leave 64-bit integers as they are, digits beyond a
// double's included.

using Unary = double (*)(double);
using Binary = double (*)(double, double);
using Ternary = double (*)(double, double, double);

template <Unary function>
Outcome of_input(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return no_number(input);
  return Value::number(function(input.as_number()));
}

template <Unary function>
Outcome rounded(Value input, std::span<Value> none, Resources& resources) {
  return input.is_integer() ? input : of_input<function>(std::move(input), none, resources);
}

template <Binary function>
Outcome of_two(Value, std::span<Value> arguments, Resources&) {
  if (const auto* other = first_that_is_no_number(arguments)) return no_number(*other);
  return Value::number(function(arguments[0].as_number(), arguments[1].as_number()));
}

template <Ternary function>
Outcome of_three(Value, std::span<Value> arguments, Resources&) {
  if (const auto* other = first_that_is_no_number(arguments)) return no_number(*other);
  return Value::number(
      function(arguments[0].as_number(), arguments[1].as_number(), arguments[2].as_number()));
}

/// As C converts a double to an int, but defined for all.
int as_int(double value) {
  if (std::isnan(value)) return 0;
  constexpr double kLeast = std::numeric_limits<int>::min();
  constexpr double kGreatest = std::numeric_limits<int>::max();
  return static_cast<int>(value < kLeast ? kLeast : value > kGreatest ? kGreatest : value);
}

/// The logarithm of the absolute value of the gamma function, without C's global sign.
double log_gamma(double value) {
  int sign = 0;
  return ::lgamma_r(value, &sign);
}

double scale(double value, double exponent) {
  return std::scalbn(value, as_int(exponent));
}

double next_toward(double from, double to) {
  return std::nexttoward(from, static_cast<long double>(to));
}

Value pair_of(double first, double second) {
  return Value::array({Value::number(first), Value::number(second)});
}

Outcome frexp(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return no_number(input);
  int exponent = 0;
  const double fraction = std::frexp(input.as_number(), &exponent);
  return pair_of(fraction, std::isfinite(fraction) ? exponent : 0);
}

Outcome modf(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return no_number(input);
  double whole = 0;
  const double fraction = std::modf(input.as_number(), &whole);
  return pair_of(fraction, whole);
}

Outcome lgamma_r(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return no_number(input);
  int sign = 0;
  const double logarithm = ::lgamma_r(input.as_number(), &sign);
  return pair_of(logarithm, sign);
}

/// Bessel functions, which take time with their order.
template <double (*function)(int, double)>
Outcome bessel(Value, std::span<Value> arguments, Resources& resources) {
  if (const auto* other = first_that_is_no_number(arguments)) return no_number(*other);
  constexpr std::uint64_t kBytesPerOrder = 16;
  const auto order = as_int(arguments[0].as_number());
  const auto work = static_cast<std::uint64_t>(std::abs(std::int64_t{order})) * kBytesPerOrder;
  if (!resources.spend(work)) return resources.spent_steps();
  return Value::number(function(order, arguments[1].as_number()));
}

Value without_sign(const Value& number) {
  if (!number.is_integer()) return Value::number(std::abs(number.as_number()));
  return number.as_integer() < 0 ? *negated(number) : number;
}

Outcome fabs(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return no_number(input);
  return without_sign(input);
}

Outcome abs(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return Failure{described(input) + " has no absolute value"};
  return without_sign(input);
}

// --- numbers that are none, or beyond all

Outcome nan(Value, std::span<Value>, Resources&) {
  return Value::number(std::numeric_limits<double>::quiet_NaN());
}

Outcome infinite(Value, std::span<Value>, Resources&) {
  return Value::number(std::numeric_limits<double>::infinity());
}

template <bool (*is_so)(double)>
Outcome classified(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return no_number(input);
  return Value::boolean(is_so(input.as_number()));
}

constexpr auto kFunctions = std::to_array<Function>({
    {"abs", 0, false, abs},
    {"acos", 0, false, of_input<std::acos>},
    {"acosh", 0, false, of_input<std::acosh>},
    {"asin", 0, false, of_input<std::asin>},
    {"asinh", 0, false, of_input<std::asinh>},
    {"atan", 0, false, of_input<std::atan>},
    {"atan2", 2, false, of_two<std::atan2>},
    {"atanh", 0, false, of_input<std::atanh>},
    {"cbrt", 0, false, of_input<std::cbrt>},
    {"ceil", 0, false, rounded<std::ceil>},
    {"copysign", 2, false, of_two<std::copysign>},
    {"cos", 0, false, of_input<std::cos>},
    {"cosh", 0, false, of_input<std::cosh>},
    {"drem", 2, false, of_two<::drem>},
    {"exp", 0, false, of_input<std::exp>},
    {"exp10", 0, false, of_input<::exp10>},
    {"exp2", 0, false, of_input<std::exp2>},
    {"expm1", 0, false, of_input<std::expm1>},
    {"fabs", 0, false, fabs},
    {"fdim", 2, false, of_two<std::fdim>},
    {"floor", 0, false, rounded<std::floor>},
    {"fma", 3, false, of_three<std::fma>},
    {"fmax", 2, false, of_two<std::fmax>},
    {"fmin", 2, false, of_two<std::fmin>},
    {"fmod", 2, false, of_two<std::fmod>},
    {"frexp", 0, false, frexp},
    {"gamma", 0, false, of_input<log_gamma>},
    {"hypot", 2, false, of_two<std::hypot>},
    {"infinite", 0, false, infinite},
    {"isinfinite", 0, false, classified<std::isinf>},
    {"isnan", 0, false, classified<std::isnan>},
    {"isnormal", 0, false, classified<std::isnormal>},
    {"j0", 0, false, of_input<::j0>},
    {"j1", 0, false, of_input<::j1>},
    {"jn", 2, false, bessel<::jn>},
    {"ldexp", 2, false, of_two<scale>},
    {"lgamma", 0, false, of_input<log_gamma>},
    {"lgamma_r", 0, false, lgamma_r},
    {"log", 0, false, of_input<std::log>},
    {"log10", 0, false, of_input<std::log10>},
    {"log1p", 0, false, of_input<std::log1p>},
    {"log2", 0, false, of_input<std::log2>},
    {"logb", 0, false, of_input<std::logb>},
    {"modf", 0, false, modf},
    {"nan", 0, false, nan},
    {"nearbyint", 0, false, rounded<std::nearbyint>},
    {"nextafter", 2, false, of_two<std::nextafter>},
    {"nexttoward", 2, false, of_two<next_toward>},
    {"pow", 2, false, of_two<std::pow>},
    {"pow10", 0, false, of_input<::exp10>},
    {"rint", 0, false, rounded<std::rint>},
    {"round", 0, false, rounded<std::round>},
    {"scalb", 2, false, of_two<::scalb>},
    {"scalbln", 2, false, of_two<scale>},
    {"significand", 0, false, of_input<::significand>},
    {"sin", 0, false, of_input<std::sin>},
    {"sinh", 0, false, of_input<std::sinh>},
    {"sqrt", 0, false, of_input<std::sqrt>},
    {"tan", 0, false, of_input<std::tan>},
    {"tanh", 0, false, of_input<std::tanh>},
    {"tgamma", 0, false, of_input<std::tgamma>},
    {"trunc", 0, false, rounded<std::trunc>},
    {"y0", 0, false, of_input<::y0>},
    {"y1", 0, false, of_input<::y1>},
    {"yn", 2, false, bessel<::yn>},
});

}  // namespace

std::span<const Function> math_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
