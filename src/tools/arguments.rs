//! Arguments of tools, read with serde and refused when they do not fit.

use etalon_types::ToolError;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the arguments of a tool.
///
/// # Errors
/// [`ToolError::Arguments`] with what was expected and found.
pub fn read<T: DeserializeOwned>(
    tool: &str,
    expected: &str,
    arguments: &Value,
) -> Result<T, ToolError> {
    T::deserialize(arguments).map_err(|error| ToolError::Arguments {
        tool: tool.to_owned(),
        expected: expected.to_owned(),
        found: error.to_string(),
    })
}

/// Writes an answer.
///
/// # Errors
/// [`ToolError::Failed`], for numbers that JSON does not have.
pub fn answer(tool: &str, answer: &impl serde::Serialize) -> Result<Value, ToolError> {
    serde_json::to_value(answer).map_err(|error| super::failed(tool, error))
}
