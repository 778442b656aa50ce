package dev.lateen.config.telemetry;

import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Where the value of a span's tag comes from. */
public sealed interface CustomTag {
    /** See {@link Literal}. */
    record LiteralTag(@Required Literal literal) implements CustomTag {}

    /** See {@link Environment}. */
    record EnvironmentTag(@Required Environment environment) implements CustomTag {}

    /** See {@link RequestHeader}. */
    record HeaderTag(@Required RequestHeader header) implements CustomTag {}

    /** A format of Envoy's access logs. */
    record FormatterTag(@Later("tags by format") @Nullable JsonNode formatter) implements CustomTag {}

    /** A fixed value. */
    record Literal(@Required String value) {}

    /** A variable of the proxy's environment. */
    record Environment(@Required String name, String defaultValue) {}

    /** A field of the request's head. */
    record RequestHeader(@Required String name, String defaultValue) {}
}
