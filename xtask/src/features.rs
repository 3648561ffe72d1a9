//! Features of the command.

/// Returns the feature of `ebm-cli` for a device, if the default build lacks it.
pub(crate) fn feature(device: &str) -> Option<String> {
    matches!(device, "ndarray" | "wgpu" | "vulkan" | "cuda").then(|| device.to_owned())
}

/// Returns `--features ebm-cli/A,ebm-cli/B`, or nothing.
pub(crate) fn feature_arguments(features: &[String]) -> Vec<String> {
    if features.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = features.iter().map(|name| format!("ebm-cli/{name}")).collect();
    vec!["--features".into(), names.join(",")]
}
