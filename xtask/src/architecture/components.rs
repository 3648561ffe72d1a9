//! Strongly connected components of a graph (Tarjan, "Depth-first search and linear graph
//! algorithms", 1972).

/// Returns the strongly connected components with more than one node, each sorted.
pub(super) fn circles(nodes: usize, targets: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    let mut search = Search {
        targets,
        order: vec![None; nodes],
        low: vec![0; nodes],
        on_stack: vec![false; nodes],
        stack: Vec::new(),
        visited: 0,
        circles: Vec::new(),
    };
    for node in 0..nodes {
        if search.order[node].is_none() {
            search.visit(node);
        }
    }
    search.circles.sort();
    search.circles
}

struct Search<F> {
    targets: F,
    /// The order in which nodes were reached.
    order: Vec<Option<usize>>,
    /// The earliest node on the stack that is reachable from a node.
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    visited: usize,
    circles: Vec<Vec<usize>>,
}

impl<F: Fn(usize) -> Vec<usize>> Search<F> {
    fn visit(&mut self, node: usize) {
        let order = self.visited;
        self.visited += 1;
        (self.order[node], self.low[node]) = (Some(order), order);
        self.stack.push(node);
        self.on_stack[node] = true;
        for target in (self.targets)(node) {
            match self.order[target] {
                None => {
                    self.visit(target);
                    self.low[node] = self.low[node].min(self.low[target]);
                }
                Some(reached) if self.on_stack[target] => {
                    self.low[node] = self.low[node].min(reached);
                }
                Some(_) => {}
            }
        }
        if self.low[node] == order {
            let start = self.stack.iter().rposition(|&other| other == node).unwrap_or(0);
            let mut component = self.stack.split_off(start);
            component.iter().for_each(|&node| self.on_stack[node] = false);
            component.sort_unstable();
            if component.len() > 1 {
                self.circles.push(component);
            }
        }
    }
}
