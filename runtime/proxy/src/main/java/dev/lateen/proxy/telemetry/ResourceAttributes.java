package dev.lateen.proxy.telemetry;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attributes of a resource in a variable of the environment: {@code NAME=VALUE}, with commas between, values
 * percent-encoded (OpenTelemetry specification, "Specifying resource information via an environment variable").
 */
final class ResourceAttributes {
    static final String VARIABLE = "OTEL_RESOURCE_ATTRIBUTES";

    private static final Logger LOG = LoggerFactory.getLogger(ResourceAttributes.class);

    private ResourceAttributes() {}

    /** By name; none where the variable is not set, or anything in it is wrong. */
    static Map<String, String> parse(@Nullable String variable) {
        Map<String, String> attributes = new TreeMap<>();
        if (variable == null || variable.isBlank()) {
            return attributes;
        }
        for (String pair : variable.split(",", -1)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? "" : pair.substring(0, equals).strip();
            String value = equals < 0 ? null : decode(pair.substring(equals + 1).strip());
            if (name.isEmpty() || value == null) {
                LOG.warn("{} is not used: \"{}\" is not NAME=VALUE with a value in percent-encoding", VARIABLE, pair);
                return Map.of();
            }
            attributes.put(name, value);
        }
        return attributes;
    }

    private static @Nullable String decode(String value) {
        try {
            return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null; // no two hexadecimal digits behind a percent sign
        }
    }
}
