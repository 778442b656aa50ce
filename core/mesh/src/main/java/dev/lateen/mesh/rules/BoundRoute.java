package dev.lateen.mesh.rules;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.networking.VirtualService;

/**
 * An HTTP rule and where it is written; one that was delegated is written in another object than the one that delegates.
 *
 * @param path of the rule in its object, such as {@code spec.http[0]}
 * @param missingStatus of the answer where a destination does not exist
 */
public record BoundRoute(HttpRoute rule, ConfigObject<VirtualService> object, String path, int missingStatus) {
    /** A rule of a VirtualService, whose missing destinations are answered with 503. */
    BoundRoute(HttpRoute rule, ConfigObject<VirtualService> object, String path) {
        this(rule, object, path, 503);
    }
}
