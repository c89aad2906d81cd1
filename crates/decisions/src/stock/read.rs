//! A product as a file states it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::perishable::{Costs, Product};
use crate::matching::InputError;

impl Product {
    /// Reads a product from JSON.
    ///
    /// # Errors
    /// Names the field that is missing, unknown or of the wrong kind.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InputError> {
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| InputError::new("product", "json", error.to_string()))?;
        let mut fields = Fields::of("", value)?;
        let mut cost = Fields::of("cost.", fields.take("cost")?)?;
        let product = Self {
            shelf_life: fields.take("shelf_life")?,
            lead_time: fields.take("lead_time")?,
            poisson_mean: fields.take("poisson_mean")?,
            max_order: fields.take("max_order")?,
            max_demand: fields.take("max_demand")?,
            issue: fields.take("issue")?,
            cost: Costs {
                order: cost.take("order")?,
                holding: cost.take("holding")?,
                shortage: cost.take("shortage")?,
                wastage: cost.take("wastage")?,
            },
            discount: fields.take("discount")?,
        };
        fields.end()?;
        cost.end()?;
        Ok(product)
    }
}

/// What is left of an object, and where it stands.
struct Fields {
    within: &'static str,
    left: Map<String, Value>,
}

impl Fields {
    fn of(within: &'static str, value: Value) -> Result<Self, InputError> {
        match value {
            Value::Object(left) => Ok(Self { within, left }),
            _ => {
                let field = within.trim_end_matches('.');
                let field = if field.is_empty() { "json" } else { field };
                Err(InputError::new("product", field, "not an object"))
            }
        }
    }

    fn wrong(&self, name: &str, why: impl Into<String>) -> InputError {
        InputError::new("product", format!("{}{name}", self.within), why)
    }

    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, InputError> {
        let value = self.left.remove(name);
        let value = value.ok_or_else(|| self.wrong(name, "missing"))?;
        serde_json::from_value(value).map_err(|error| self.wrong(name, error.to_string()))
    }

    fn end(&self) -> Result<(), InputError> {
        match self.left.keys().next() {
            Some(name) => Err(self.wrong(name, "no such field")),
            None => Ok(()),
        }
    }
}
