//! Rice coding of a residual (RFC 9639 §9.2.7): the residual is cut into partitions of equal length, each with its
//! own parameter; how many, and which parameters, is estimated from sums.

use super::bits::{Bits, mask};

/// Most partitions are two to this.
const MAX_ORDER: u32 = 8;
/// Largest parameter of four bits; beyond, parameters have five.
const MAX_SHORT: u32 = 14;
const MAX_LONG: u32 = 30;

/// How to code a residual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    order: u32,
    parameters: Vec<u32>,
    /// About how many bits that takes.
    pub bits: u64,
}

/// Numbers of alternating sign as 0, 1, 2 … (−1 is 1, 1 is 2).
fn fold(residual: i32) -> u32 {
    (residual << 1 ^ residual >> 31) as u32
}

/// Plans the coding of `residual`, which stands behind `warm_up` samples stored as they are.
pub(super) fn plan(residual: &[i32], warm_up: usize) -> Plan {
    let block = residual.len() + warm_up;
    let mut order = MAX_ORDER.min(block.trailing_zeros());
    // The first partition lacks the warm-up samples and must not be empty.
    while order > 0 && block >> order <= warm_up {
        order -= 1;
    }
    let mut sums = partition_sums(residual, warm_up, block >> order);
    let mut best: Option<Plan> = None;
    loop {
        let plan = plan_of_order(&sums, order, block, warm_up);
        if best.as_ref().is_none_or(|best| plan.bits < best.bits) {
            best = Some(plan);
        }
        if order == 0 {
            break;
        }
        order -= 1;
        sums = sums.chunks_exact(2).map(|pair| pair[0] + pair[1]).collect();
    }
    best.unwrap_or(Plan { order: 0, parameters: vec![0], bits: 0 })
}

fn partition_sums(residual: &[i32], warm_up: usize, length: usize) -> Vec<u64> {
    let (first, rest) = residual.split_at(length - warm_up);
    let sum = |part: &[i32]| part.iter().map(|&r| u64::from(fold(r))).sum::<u64>();
    std::iter::once(sum(first)).chain(rest.chunks_exact(length).map(sum)).collect()
}

fn plan_of_order(sums: &[u64], order: u32, block: usize, warm_up: usize) -> Plan {
    let length = block >> order;
    let mut bits = 6;
    let parameters = sums
        .iter()
        .enumerate()
        .map(|(index, &sum)| {
            let count = if index == 0 { length - warm_up } else { length } as u64;
            let (parameter, cost) = parameter(sum, count);
            bits += 4 + cost;
            parameter
        })
        .collect();
    Plan { order, parameters, bits }
}

/// The best parameter for `count` folded numbers with this sum, and about how many bits they take with it.
fn parameter(sum: u64, count: u64) -> (u32, u64) {
    let guess = (sum / count.max(1)).checked_ilog2().unwrap_or(0);
    // Half a step is lost on average by cutting off the low bits.
    let cost = |k: u32| count * u64::from(k + 1) + (sum.saturating_sub(count * ((1 << k) - 1) / 2) >> k);
    let next = guess + 1;
    let (k, bits) = if cost(next) < cost(guess) { (next, cost(next)) } else { (guess, cost(guess)) };
    (k.min(MAX_LONG), bits)
}

/// Writes the residual as planned.
pub(super) fn write(plan: &Plan, residual: &[i32], warm_up: usize, bits: &mut Bits<'_>) {
    let long = plan.parameters.iter().any(|&k| k > MAX_SHORT);
    bits.put(u32::from(long), 2);
    bits.put(plan.order, 4);
    let length = (residual.len() + warm_up) >> plan.order;
    let mut rest = residual;
    for (index, &k) in plan.parameters.iter().enumerate() {
        let (part, later) = rest.split_at(if index == 0 { length - warm_up } else { length });
        rest = later;
        bits.put(k, if long { 5 } else { 4 });
        write_partition(part, k, bits);
    }
}

fn write_partition(part: &[i32], k: u32, bits: &mut Bits<'_>) {
    for &residual in part {
        let folded = fold(residual);
        let quotient = folded >> k;
        let low = folded & mask(k);
        if quotient + 1 + k <= 32 {
            // A one behind the zeros, then the low bits.
            bits.put(1 << k | low, quotient + 1 + k);
        } else {
            bits.put_unary(quotient);
            bits.put(low, k);
        }
    }
}
