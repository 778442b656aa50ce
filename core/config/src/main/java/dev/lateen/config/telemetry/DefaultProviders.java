package dev.lateen.config.telemetry;

import java.util.List;

/** Names of the providers that count where no Telemetry names any; of those of tracing the first. */
public record DefaultProviders(List<String> tracing, List<String> metrics, List<String> accessLogging) {}
