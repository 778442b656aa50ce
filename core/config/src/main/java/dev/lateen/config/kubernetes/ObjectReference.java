package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;

/** An object by group (empty for the core), kind, namespace (that of the referrer unless given) and name. */
public record ObjectReference(
        @Nullable String group,
        @Nullable String kind,
        @Nullable String namespace,
        @Required String name) {}
