package dev.lateen.config.telemetry;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;

/** Where the value of a span's tag comes from. */
public sealed interface CustomTag {
    /** See {@link Literal}. */
    record LiteralTag(@Required Literal literal) implements CustomTag {}

    /** See {@link Environment}. */
    record EnvironmentTag(@Required Environment environment) implements CustomTag {}

    /** See {@link RequestHeader}. */
    record HeaderTag(@Required RequestHeader header) implements CustomTag {}

    /** See {@link Formatter}. */
    record FormatterTag(@Required Formatter formatter) implements CustomTag {}

    /** A fixed value. */
    record Literal(@Required String value) {}

    /** A variable of the proxy's environment. */
    record Environment(@Required String name, String defaultValue) {}

    /** A field of the request's head. */
    record RequestHeader(@Required String name, String defaultValue) {}

    /** A format of Envoy's access logs, in which commands without a value are nothing; a span has no tag without a value. */
    record Formatter(@Required String value) implements Checked {
        @Override
        public void check(Findings findings) {
            String problem = LogCommands.problem(value);
            if (problem != null) {
                findings.error("value", problem);
            }
        }
    }
}
