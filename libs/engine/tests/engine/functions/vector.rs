use super::check_all;
use crate::support::refuse;

#[test]
fn vectors_are_computed() {
    check_all(&[
        ("vector::add([1, 2], [3, 4.5])", "[4, 6.5f]"),
        ("vector::subtract([3, 4], [1, 1])", "[2, 3]"),
        ("vector::multiply([1, 2], [3, 4])", "[3, 8]"),
        ("vector::divide([4, 9.0], [2, 2])", "[2, 4.5f]"),
        ("vector::scale([1, 2], 3)", "[3, 6]"),
        ("vector::dot([1, 2, 3], [4, 5, 6])", "32f"),
        ("vector::cross([1, 2, 3], [4, 5, 6])", "[-3, 6, -3]"),
        ("vector::magnitude([3, 4])", "5f"),
        ("vector::normalize([3, 4])", "[0.6f, 0.8f]"),
        ("vector::normalize([0, 0])", "[0f, 0f]"),
        ("vector::project([1, 2], [2, 0])", "[1f, 0f]"),
        ("vector::angle([1, 0], [0, 1]) = math::frac_pi_2", "true"),
        ("vector::distance::euclidean([0, 0], [3, 4])", "5f"),
        ("vector::distance::manhattan([0, 0], [3, -4])", "7f"),
        ("vector::distance::chebyshev([0, 0], [3, -4])", "4f"),
        ("vector::distance::hamming([1, 2, 3], [1, 5, 3])", "1"),
        ("vector::distance::minkowski([0, 0], [3, 4], 2)", "5f"),
        ("vector::similarity::cosine([1, 0], [1, 0])", "1f"),
        ("vector::similarity::jaccard([1, 2, 3], [2, 3, 4])", "0.5f"),
        ("vector::similarity::pearson([1, 2, 3], [2, 4, 6]) > 0.999", "true"),
        ("vector::similarity::spearman([1, 2, 3], [1, 4, 9]) > 0.999", "true"),
        ("vector::similarity::spearman([1, 2, 2], [1, 3, 3]) > 0.999", "true"),
        ("[1, 2].vector_add([1, 1])", "[2, 3]"),
    ]);
    refuse("vector::add([1], [1, 2])", "1:1 the vectors are not of the same length");
    refuse("vector::cross([1], [2])", "1:1 both vectors have to be of length 3");
}
