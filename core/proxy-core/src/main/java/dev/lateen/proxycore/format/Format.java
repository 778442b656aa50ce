package dev.lateen.proxycore.format;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A compiled text with commands: {@code %COMMAND(argument):length%}, with {@code %%} for a percent sign (Envoy
 * documentation, access logging, format strings). Used for access logs, and for values of headers that rules add.
 *
 * <p>Immutable and thread-safe. Text is bytes as in heads: one character each.
 */
public final class Format {
    private final List<Part> parts;
    private final @Nullable String literal;

    private Format(List<Part> parts) {
        this.parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            literal = "";
        } else {
            literal = parts.size() == 1 && parts.getFirst() instanceof Literal only ? only.text() : null;
        }
    }

    /** Parses a format; an unknown command is refused by name. */
    public static Format parse(String text, Place at) throws CompileException {
        List<Part> parts = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        String bytes = ByteText.of(text);
        int p = 0;
        while (p < bytes.length()) {
            char c = bytes.charAt(p);
            if (c != '%') {
                literal.append(c);
                p++;
            } else if (bytes.startsWith("%%", p)) {
                literal.append('%');
                p += 2;
            } else {
                if (!literal.isEmpty()) {
                    parts.add(new Literal(literal.toString()));
                    literal.setLength(0);
                }
                p = command(bytes, p + 1, parts, at);
            }
        }
        if (!literal.isEmpty()) {
            parts.add(new Literal(literal.toString()));
        }
        return new Format(parts);
    }

    /** A format without commands, in which {@code %} stands for itself. */
    public static Format literal(String text) {
        return bytes(ByteText.of(text));
    }

    /** A format without commands that gives these bytes, one for each character. */
    public static Format bytes(String byteText) {
        return new Format(byteText.isEmpty() ? List.of() : List.of(new Literal(byteText)));
    }

    /** The text for this stream; {@code missing} stands for each command without a value: {@code -} in access logs. */
    public String render(FormatContext context, String missing) {
        if (literal != null) {
            return literal;
        }
        StringBuilder out = new StringBuilder(128);
        for (Part part : parts) {
            String value = part.value(context);
            out.append(value == null ? missing : value);
        }
        return out.toString();
    }

    /** Appends the text for this stream. */
    public void render(FormatContext context, String missing, StringBuilder out) {
        for (Part part : parts) {
            String value = part.value(context);
            out.append(value == null ? missing : value);
        }
    }

    /** Whether the format is exactly one command: its value is then the value of a JSON log's key as such. */
    public boolean isSingleCommand() {
        return parts.size() == 1 && literal == null;
    }

    /** The facts of the stream that this format asks for. */
    public List<Operator> operators() {
        List<Operator> operators = new ArrayList<>();
        for (Part part : parts) {
            switch (part) {
                case Value value -> operators.add(value.operator());
                case Moment moment -> operators.add(moment.operator());
                case Literal _, Header _ -> {}
            }
        }
        return operators.stream().distinct().toList();
    }

    private static int command(String text, int start, List<Part> parts, Place at) throws CompileException {
        int p = start;
        while (p < text.length() && (Character.isLetterOrDigit(text.charAt(p)) || text.charAt(p) == '_')) {
            p++;
        }
        String name = text.substring(start, p);
        String argument = "";
        if (p < text.length() && text.charAt(p) == '(') {
            int close = text.indexOf(')', p);
            if (close < 0) {
                throw at.refuse("no closing bracket after %" + name);
            }
            argument = text.substring(p + 1, close);
            p = close + 1;
        }
        int length = Integer.MAX_VALUE;
        if (p < text.length() && text.charAt(p) == ':') {
            int digits = ++p;
            while (p < text.length() && Character.isDigit(text.charAt(p))) {
                p++;
            }
            if (p == digits || p - digits > 9) {
                throw at.refuse("no length after %" + name + ":");
            }
            length = Integer.parseInt(text, digits, p, 10);
        }
        if (p >= text.length() || text.charAt(p) != '%') {
            throw at.refuse("no closing % after %" + name);
        }
        parts.add(part(name, argument, length, at));
        return p + 1;
    }

    private static Part part(String name, String argument, int length, Place at) throws CompileException {
        Source source =
                switch (name) {
                    case "REQ" -> Source.REQUEST;
                    case "RESP" -> Source.RESPONSE;
                    case "TRAILER" -> Source.TRAILER;
                    default -> null;
                };
        if (source != null) {
            int question = argument.indexOf('?');
            String main = question < 0 ? argument : argument.substring(0, question);
            HeaderRef header = HeaderRef.of(main, at);
            HeaderRef other = question < 0 ? null : HeaderRef.of(argument.substring(question + 1), at);
            return new Header(source, header, other, length);
        }
        for (Operator operator : Operator.values()) {
            if (operator.name().equals(name)) {
                return value(operator, argument, length, at);
            }
        }
        throw at.refuse("not supported: command %" + name + "%");
    }

    /** A command of a fact, whose argument must be one that it has. */
    private static Part value(Operator operator, String argument, int length, Place at) throws CompileException {
        boolean taken = argument.isEmpty();
        switch (operator) {
            case START_TIME, START_TIME_LOCAL, EMIT_TIME, EMIT_TIME_LOCAL -> {
                if (!argument.isEmpty()) {
                    boolean local = operator == Operator.START_TIME_LOCAL || operator == Operator.EMIT_TIME_LOCAL;
                    return new Moment(operator, argument, TimeFormat.parse(argument, local, at), length);
                }
            }
            case GRPC_STATUS ->
                taken = List.of("", "CAMEL_STRING", "SNAKE_STRING", "NUMBER").contains(argument);
            case FILTER_STATE -> taken = argument.matches("(up|down)stream_peer:FIELD:[a-z]+");
            case ENVIRONMENT -> taken = !argument.isEmpty();
            default -> {}
        }
        if (!taken) {
            throw at.refuse("not supported: command %" + operator + "(" + argument + ")%");
        }
        return new Value(operator, argument, length);
    }

    private enum Source {
        REQUEST,
        RESPONSE,
        TRAILER
    }

    private sealed interface Part {
        @Nullable
        String value(FormatContext context);
    }

    private record Literal(String text) implements Part {
        @Override
        public String value(FormatContext context) {
            return text;
        }
    }

    private record Value(Operator operator, String argument, int length) implements Part {
        @Override
        public @Nullable String value(FormatContext context) {
            return cut(context.value(operator, argument), length);
        }
    }

    private record Moment(Operator operator, String argument, TimeFormat format, int length) implements Part {
        @Override
        public @Nullable String value(FormatContext context) {
            String moment = context.value(operator, FormatContext.PRECISE);
            return moment == null ? null : cut(format.format(Instant.parse(moment)), length);
        }
    }

    private record Header(
            Source source, HeaderRef main, @Nullable HeaderRef other, int length) implements Part {
        @Override
        public @Nullable String value(FormatContext context) {
            String value = read(context, main);
            return cut(value == null && other != null ? read(context, other) : value, length);
        }

        private @Nullable String read(FormatContext context, HeaderRef header) {
            return switch (source) {
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

    private static @Nullable String cut(@Nullable String value, int length) {
        return value == null || value.length() <= length ? value : value.substring(0, length);
    }

    /** The parts, for people. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            switch (part) {
                case Literal(String plain) -> text.append(plain.replace("%", "%%"));
                case Value(Operator operator, String argument, int length) ->
                    append(text, operator.name(), argument, length);
                case Moment(Operator operator, String argument, TimeFormat _, int length) ->
                    append(text, operator.name(), argument, length);
                case Header(Source source, HeaderRef main, HeaderRef other, int length) ->
                    append(
                            text,
                            switch (source) {
                                case REQUEST -> "REQ";
                                case RESPONSE -> "RESP";
                                case TRAILER -> "TRAILER";
                            },
                            (main.name() + (other == null ? "" : "?" + other.name())).toUpperCase(Locale.ROOT),
                            length);
            }
        }
        return ByteText.decode(text.toString());
    }

    private static void append(StringBuilder text, String name, String argument, int length) {
        text.append('%').append(name);
        if (!argument.isEmpty()) {
            text.append('(').append(argument).append(')');
        }
        if (length != Integer.MAX_VALUE) {
            text.append(':').append(length);
        }
        text.append('%');
    }
}
