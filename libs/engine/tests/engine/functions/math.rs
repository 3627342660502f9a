use super::check_all;
use crate::support::refuse;

#[test]
fn numbers_are_computed() {
    check_all(&[
        ("math::abs(-5)", "5"),
        ("math::abs(-1.5dec)", "1.5dec"),
        ("math::ceil(1.2)", "2f"),
        ("math::floor(-1.2)", "-2f"),
        ("math::round(2.5)", "3f"),
        ("math::round(2.5dec)", "3dec"),
        ("math::round(7)", "7"),
        ("math::fixed(3.14159, 2)", "3.14f"),
        ("math::clamp(15, 0, 10)", "10"),
        ("math::lerp(0, 10, 0.5)", "5f"),
        ("math::lerpangle(350, 10, 0.5)", "360f"),
        ("math::log(8, 2)", "3f"),
        ("math::log2(8)", "3f"),
        ("math::log10(1000)", "3f"),
        ("math::ln(1)", "0f"),
        ("math::pow(2, 10)", "1024"),
        ("math::sqrt(9)", "3f"),
        ("math::sqrt(-1)", "NaN"),
        ("math::sign(-3)", "-1"),
        ("math::sin(0)", "0f"),
        ("math::cos(0)", "1f"),
        ("math::deg2rad(180) = math::pi", "true"),
        ("math::rad2deg(math::pi)", "180f"),
        ("math::acot(1) = math::frac_pi_4", "true"),
        ("math::tau", "6.283185307179586f"),
        ("math::inf > 5", "true"),
        ("math::neg_inf < 5", "true"),
    ]);
}

#[test]
fn arrays_of_numbers_are_summed_up() {
    check_all(&[
        ("math::sum([1, 2.5])", "3.5f"),
        ("math::sum([])", "0"),
        ("math::product([2, 3])", "6"),
        ("math::mean([80, 90, 100])", "90f"),
        ("math::mean([1dec, 2dec])", "1.5dec"),
        ("math::mean([])", "NaN"),
        ("math::median([3, 1, 2])", "2"),
        ("math::median([1, 2, 3, 4])", "2.5f"),
        ("math::median([])", "NONE"),
        ("math::max([1, 3.5, 2])", "3.5f"),
        ("math::min([1, 3.5, 2])", "1"),
        ("math::max([])", "-inf"),
        ("math::min([])", "inf"),
        ("math::mode([1, 2, 2, 3, 3])", "3"),
        ("math::spread([1, 5, 3])", "4"),
        ("math::variance([2, 4, 4, 4, 5, 5, 7, 9])", "4.571428571428571f"),
        ("math::stddev([1, 5])", "2.8284271247461903f"),
        ("math::variance([5])", "0f"),
        ("math::percentile([1, 2, 3, 4, 5], 50)", "3f"),
        ("math::percentile([1, 2], 25)", "1.25f"),
        ("math::nearestrank([15, 20, 35, 40, 50], 40)", "20"),
        ("math::interquartile([1, 2, 3, 4, 5])", "2f"),
        ("math::midhinge([1, 2, 3, 4, 5])", "3f"),
        ("math::trimean([1, 2, 3, 4, 5])", "3f"),
        ("math::bottom([3, 1, 2], 2)", "[1, 2]"),
        ("math::top([3, 1, 2], 2)", "[3, 2]"),
    ]);
    refuse("math::sum([1, 'a'])", "1:1 argument 1 of `math::sum` has to be an array of numbers, found one with string");
    refuse("math::sum([9223372036854775807, 1])", "1:1 the result is beyond the range of its kind");
    refuse("math::abs('a')", "1:1 argument 1 of `math::abs` has to be a number, found string");
}
