package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;

/** A place that requests go to, with all of its share; fields as of {@link BackendReference}. */
public record BackendObject(
        @Nullable String group,
        @Nullable String kind,
        @Nullable String namespace,
        @Required String name,
        @Range(min = 1, max = 65535) @Nullable Integer port) {}
