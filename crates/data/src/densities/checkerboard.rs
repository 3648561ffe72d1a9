//! The dark squares of a checkerboard.

use super::dice::Dice;

/// The number of squares along a side of the board.
const SQUARES: usize = 4;
const SIDE: f64 = 0.4;
/// The board's lower left corner is at (−HALF, −HALF).
const HALF: f64 = 0.8;

pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let [column, row] = x.map(|x| ((x + HALF) / SIDE).floor());
    let on_board = [column, row].iter().all(|square| (0.0..SQUARES as f64).contains(square));
    if on_board && (column + row) % 2.0 == 0.0 {
        -((SQUARES * SQUARES / 2) as f64 * SIDE * SIDE).ln()
    } else {
        f64::NEG_INFINITY
    }
}

pub(super) fn draw(dice: Dice) -> [f64; 2] {
    let column = dice.choice(0, SQUARES);
    // Every other square of the column is dark, from the first or from the second on.
    let row = 2 * dice.choice(1, SQUARES / 2) + column % 2;
    [(column as f64 + dice.uniform(2)) * SIDE - HALF, (row as f64 + dice.uniform(3)) * SIDE - HALF]
}
