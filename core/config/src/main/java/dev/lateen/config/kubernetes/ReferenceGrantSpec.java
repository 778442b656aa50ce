package dev.lateen.config.kubernetes;

import dev.lateen.config.shape.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lets objects of other namespaces refer to some of this one (gateway.networking.k8s.io ReferenceGrant). */
public record ReferenceGrantSpec(
        @Required List<From> from, @Required List<To> to) {
    /** Who may refer. */
    public record From(
            String group, @Required String kind, @Required String namespace) {}

    /** What may be referred to; no name means every object of the kind. */
    public record To(
            String group, @Required String kind, @Nullable String name) {}
}
