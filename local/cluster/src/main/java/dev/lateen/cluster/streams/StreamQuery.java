package dev.lateen.cluster.streams;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The query of a stream request, read by the rules of the Kubernetes API. */
final class StreamQuery {
    private final Map<String, List<String>> parameters;

    /** @throws StreamException 400 for an escape that is none */
    StreamQuery(String uri) throws StreamException {
        try {
            parameters = new QueryStringDecoder(uri).parameters();
        } catch (IllegalArgumentException malformed) {
            throw new StreamException(400, "malformed query: " + malformed.getMessage());
        }
    }

    /** {@code container}, empty when absent. */
    String container() {
        return first("container", "");
    }

    /** {@code command}, once for each argument. */
    List<String> command() {
        return parameters.getOrDefault("command", List.of());
    }

    /** A switch: absent, {@code false} and {@code 0} are off, all else is on. */
    boolean flag(String name) {
        List<String> values = parameters.get(name);
        return values != null
                && !values.getFirst().equalsIgnoreCase("false")
                && !values.getFirst().equals("0");
    }

    /** {@code ports} of a port-forward over WebSocket channels: repeated, or separated by commas. */
    List<Integer> ports() throws StreamException {
        List<String> values = parameters.getOrDefault("ports", List.of());
        if (values.isEmpty()) {
            throw new StreamException(400, "query parameter \"ports\" is required");
        }
        var ports = new ArrayList<Integer>();
        for (String value : values) {
            for (String port : value.split(",", -1)) {
                ports.add(port(port));
            }
        }
        return ports;
    }

    /** A port number of 1 to 65535. */
    static int port(String text) throws StreamException {
        try {
            int port = Integer.parseInt(text);
            if (port > 0 && port < 65536) {
                return port;
            }
        } catch (NumberFormatException notANumber) {
            throw new StreamException(400, "unable to parse \"" + text + "\" as a port");
        }
        throw new StreamException(400, "port \"" + text + "\" must be 1 to 65535");
    }

    /** The options of {@code pods/log}. */
    LogOptions log(String container, Clock clock) throws StreamException, InvalidLogOption {
        Long tail = number("tailLines");
        if (tail != null && tail < 0) {
            throw invalid("tailLines", tail, "must be greater than or equal to 0");
        }
        Long limit = number("limitBytes");
        if (limit != null && limit < 1) {
            throw invalid("limitBytes", limit, "must be greater than 0");
        }
        Long sinceSeconds = number("sinceSeconds");
        String sinceTime = first("sinceTime", "");
        if (sinceSeconds != null && !sinceTime.isEmpty()) {
            throw new InvalidLogOption(
                    "",
                    "FieldValueForbidden",
                    "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified");
        }
        Instant since = null;
        if (sinceSeconds != null) {
            if (sinceSeconds < 1) {
                throw invalid("sinceSeconds", sinceSeconds, "must be greater than 0");
            }
            since = clock.instant().minusSeconds(sinceSeconds);
        } else if (!sinceTime.isEmpty()) {
            since = time(sinceTime);
        }
        return new LogOptions(
                container,
                flag("follow"),
                flag("previous"),
                flag("timestamps"),
                since,
                tail == null ? null : (int) Math.min(tail, Integer.MAX_VALUE),
                limit);
    }

    private String first(String name, String otherwise) {
        List<String> values = parameters.get(name);
        return values == null ? otherwise : values.getFirst();
    }

    private @Nullable Long number(String name) throws StreamException {
        String text = first(name, "");
        if (text.isEmpty()) {
            return null;
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException notANumber) {
            throw new StreamException(400, "strconv.ParseInt: parsing \"" + text + "\": invalid syntax");
        }
    }

    private static Instant time(String text) throws StreamException {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException notATime) {
            throw new StreamException(
                    400, "parsing time \"" + text + "\" as an RFC 3339 time: " + notATime.getMessage());
        }
    }

    private static InvalidLogOption invalid(String field, long value, String rule) {
        return new InvalidLogOption(field, "FieldValueInvalid", "Invalid value: " + value + ": " + rule);
    }
}
