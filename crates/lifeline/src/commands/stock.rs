//! `lifeline stock`

use std::process::ExitCode;

use lifeline_decisions::stock::perishable::Product;

use crate::answer::{Failure, finish, print_json, print_line, read_input};

/// How much to keep and to order.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// The best orders for one perishable product, exactly, and the best order-up-to level beside them.
    Plan {
        /// The product as JSON, `-` for standard input.
        file: String,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Plan { file, json } => finish(json, plan(&file, json)),
    }
}

fn plan(file: &str, json: bool) -> Result<bool, Failure> {
    let wrong = |error| Failure::input("product", &error);
    let product = Product::from_json(&read_input(file)?).map_err(wrong)?;
    let solution = product.solve().map_err(wrong)?;
    if json {
        print_json(&solution)?;
    } else {
        print_line(&format!(
            "optimal cost from empty {:.3}",
            solution.optimal_cost_from_empty
        ))?;
        print_line(&format!(
            "best order-up-to level {}, cost from empty {:.3} ({:+.2} %)",
            solution.best_base_stock,
            solution.best_base_stock_cost,
            (solution.best_base_stock_cost / solution.optimal_cost_from_empty - 1.0) * 100.0
        ))?;
        print_line("state (stock by remaining life 1 to m): order")?;
        for (state, order) in &solution.policy {
            print_line(&format!("{state}: {order}"))?;
        }
    }
    Ok(true)
}
