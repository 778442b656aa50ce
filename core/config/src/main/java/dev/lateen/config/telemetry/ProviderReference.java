package dev.lateen.config.telemetry;

import dev.lateen.config.shape.Required;

/** A provider of MeshConfig's {@code extensionProviders} by name. */
public record ProviderReference(@Required String name) {}
