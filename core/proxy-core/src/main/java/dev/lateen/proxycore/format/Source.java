package dev.lateen.proxycore.format;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the value of a command comes from. */
sealed interface Source {
    /** The value for a stream, or null when it has none. */
    @Nullable
    String read(FormatContext context);

    /** Whether the value is a number. */
    default boolean isNumber() {
        return false;
    }

    /** The facts of the stream that are asked for. */
    default List<Operator> operators() {
        return List.of();
    }

    /** Whether a length may stand behind its command, as Envoy has it: behind most facts none may. */
    default boolean takesLength() {
        return true;
    }

    /** A fact of the stream. */
    record Fact(Operator operator, String argument) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            return context.value(operator, argument);
        }

        @Override
        public boolean isNumber() {
            return operator.isNumber() || (operator == Operator.GRPC_STATUS && argument.equals("NUMBER"));
        }

        @Override
        public boolean takesLength() {
            return operator == Operator.FILTER_STATE || operator == Operator.ENVIRONMENT;
        }

        @Override
        public List<Operator> operators() {
            return List.of(operator);
        }
    }

    /** A moment in a form of its own. */
    record Moment(Operator operator, TimeFormat format) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            String moment = context.value(operator, FormatContext.PRECISE);
            return moment == null ? null : format.format(Instant.parse(moment));
        }

        @Override
        public boolean takesLength() {
            return false;
        }

        @Override
        public List<Operator> operators() {
            return List.of(operator);
        }
    }

    /** Which head a field stands in. */
    enum Part {
        REQUEST,
        RESPONSE,
        TRAILER
    }

    /** A header field, or the other where it is not there. */
    record Header(Part part, HeaderRef main, @Nullable HeaderRef other, boolean cutsQuery) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            String value = read(context, main);
            String found = value == null && other != null ? read(context, other) : value;
            return cutsQuery && found != null ? withoutQuery(found) : found;
        }

        private @Nullable String read(FormatContext context, HeaderRef header) {
            return switch (part) {
                case REQUEST -> {
                    RequestHead head = context.request();
                    yield head == null ? null : header.in(head);
                }
                case RESPONSE -> {
                    ResponseHead head = context.response();
                    if (head == null) {
                        yield null;
                    }
                    yield header.name().equals(":status") ? String.valueOf(head.status()) : header.in(head.fields());
                }
                case TRAILER -> {
                    Fields trailers = context.trailers();
                    yield trailers == null ? null : header.in(trailers);
                }
            };
        }
    }

    /** What the answer would say of a fault, whether the client is told or not. */
    record FaultRecord() implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            return context.fault();
        }
    }

    /** Whether what the client asked for counts, or what it has become. */
    enum Version {
        ORIGINAL,
        NOW,
        ORIGINAL_OR_NOW;

        /** The text in a request's head that was kept in a field when it was changed. */
        @Nullable
        String of(RequestHead head, FieldName original, String now) {
            String kept = this == NOW ? null : head.fields().get(original);
            return kept != null ? kept : this == ORIGINAL ? null : now;
        }
    }

    /** The request's path. */
    record Path(boolean query, Version version) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            RequestHead head = context.request();
            String path = head == null ? null : version.of(head, FieldName.X_ENVOY_ORIGINAL_PATH, head.path());
            return path == null || query ? path : withoutQuery(path);
        }
    }

    /** A parameter of the request's query; the first of its name, decoded. */
    record QueryParameter(String name) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            String query = query(context);
            if (query == null) {
                return null;
            }
            for (String parameter : query.split("&", -1)) {
                int equals = parameter.indexOf('=');
                if (decoded(equals < 0 ? parameter : parameter.substring(0, equals))
                        .equals(name)) {
                    return equals < 0 ? "" : decoded(parameter.substring(equals + 1));
                }
            }
            return null;
        }
    }

    /** The request's whole query. */
    record Query(boolean decodes) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            String query = query(context);
            return query == null || !decodes ? query : decoded(query);
        }
    }

    /** The name that a client of TLS asks for, or the host of a request. */
    record ServerName(boolean hostFirst, boolean host, Version version) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            String asked = hostFirst ? null : context.value(Operator.REQUESTED_SERVER_NAME, "");
            RequestHead head = context.request();
            return asked != null || !host || head == null
                    ? asked
                    : version.of(head, FieldName.X_ENVOY_ORIGINAL_HOST, head.authority());
        }

        @Override
        public boolean takesLength() {
            return false;
        }

        @Override
        public List<Operator> operators() {
            return List.of(Operator.REQUESTED_SERVER_NAME);
        }
    }

    /** The first of several that has a value. */
    record First(List<Piece.Command> commands) implements Source {
        @Override
        public @Nullable String read(FormatContext context) {
            for (Piece.Command command : commands) {
                String value = command.value(context);
                if (value != null && !value.isEmpty()) {
                    return value;
                }
            }
            return null;
        }

        @Override
        public List<Operator> operators() {
            return commands.stream()
                    .flatMap(command -> command.source().operators().stream())
                    .toList();
        }
    }

    private static @Nullable String query(FormatContext context) {
        RequestHead head = context.request();
        int question = head == null ? -1 : head.path().indexOf('?');
        return head == null || question < 0 ? null : withoutFragment(head.path().substring(question + 1));
    }

    private static String withoutFragment(String text) {
        int fragment = text.indexOf('#');
        return fragment < 0 ? text : text.substring(0, fragment);
    }

    private static String withoutQuery(String path) {
        int question = path.indexOf('?');
        return question < 0 ? path : path.substring(0, question);
    }

    /** Without its percent signs (RFC 3986 2.1), where they stand before two digits; a plus stands for itself. */
    private static String decoded(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        try {
            return ByteText.of(URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return text; // not encoded that way: as it stands
        }
    }
}
