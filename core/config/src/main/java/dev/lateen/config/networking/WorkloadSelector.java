package dev.lateen.config.networking;

import java.util.Map;

/** Workloads of the object's namespace by their labels; none selects all. */
public record WorkloadSelector(Map<String, String> labels) {}
