package dev.lateen.proxycore.format;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.FaultField;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads formats (Envoy documentation, "Substitution formatter"). */
final class FormatParser {
    private static final int WHOLE = Integer.MAX_VALUE;
    /** An argument ends at the first bracket behind which the command can end: {@code %ENVIRONMENT(X):3%}. */
    private static final Pattern ARGUMENT_END = Pattern.compile("\\)(?::[0-9]*)?%");

    /** The commands that are no facts of the stream alone. */
    static final Set<String> OF_HEADS = Set.of(
            "REQ",
            "REQUEST_HEADER",
            "REQ_WITHOUT_QUERY",
            "RESP",
            "RESPONSE_HEADER",
            "TRAILER",
            "RESPONSE_TRAILER",
            "PATH",
            "QUERY_PARAM",
            "QUERY_PARAMS",
            "COALESCE");

    private final String text;
    private final Place at;
    private final List<Piece> pieces = new ArrayList<>();

    private FormatParser(String text, Place at) {
        this.text = text;
        this.at = at;
    }

    static List<Piece> pieces(String text, Place at) throws CompileException {
        FormatParser parser = new FormatParser(text, at);
        StringBuilder literal = new StringBuilder();
        int p = 0;
        while (p < text.length()) {
            char c = text.charAt(p);
            if (c != '%') {
                literal.append(c);
                p++;
            } else if (text.startsWith("%%", p)) {
                literal.append('%');
                p += 2;
            } else {
                parser.literal(literal);
                p = parser.command(p);
            }
        }
        parser.literal(literal);
        return parser.pieces;
    }

    private void literal(StringBuilder literal) {
        if (!literal.isEmpty()) {
            pieces.add(new Piece.Literal(literal.toString()));
            literal.setLength(0);
        }
    }

    /** Reads the command that begins at a percent sign; where it ends. */
    private int command(int start) throws CompileException {
        int p = start + 1;
        while (p < text.length() && (Character.isLetterOrDigit(text.charAt(p)) || text.charAt(p) == '_')) {
            p++;
        }
        String name = text.substring(start + 1, p);
        String argument = "";
        if (p < text.length() && text.charAt(p) == '(') {
            Matcher end = ARGUMENT_END.matcher(text);
            int close = end.find(p) ? end.start() : text.indexOf(')', p);
            if (close < 0) {
                throw at.refuse("no closing bracket after %" + name);
            }
            argument = text.substring(p + 1, close);
            p = close + 1;
        }
        int length = WHOLE;
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
        pieces.add(cut(text.substring(start, p + 1), name, source(name, argument, at), length, at));
        return p + 1;
    }

    private static Piece.Command cut(String written, String name, Source source, int length, Place at)
            throws CompileException {
        if (length != WHOLE && !source.takesLength()) {
            throw at.refuse("command %" + name + "% takes no length");
        }
        return new Piece.Command(written, source, length);
    }

    private static Source source(String name, String argument, Place at) throws CompileException {
        Source source =
                switch (name) {
                    case "REQ", "REQUEST_HEADER" -> header(Source.Part.REQUEST, argument, false, at);
                    case "REQ_WITHOUT_QUERY" -> header(Source.Part.REQUEST, argument, true, at);
                    case "RESP", "RESPONSE_HEADER" -> header(Source.Part.RESPONSE, argument, false, at);
                    case "TRAILER", "RESPONSE_TRAILER" -> header(Source.Part.TRAILER, argument, false, at);
                    case "PATH" -> path(argument);
                    case "QUERY_PARAM" -> argument.isEmpty() ? null : new Source.QueryParameter(argument);
                    case "QUERY_PARAMS" ->
                        switch (argument) {
                            case "", "ORIG" -> new Source.Query(false);
                            case "DECODED" -> new Source.Query(true);
                            default -> null;
                        };
                    case "REQUESTED_SERVER_NAME" -> serverName(argument);
                    case "COALESCE" -> first(argument, at);
                    default -> fact(name, argument, at);
                };
        if (source == null) {
            throw at.refuse("not supported: command %" + name + "(" + argument + ")%");
        }
        return source;
    }

    private static Source header(Source.Part part, String argument, boolean cutsQuery, Place at)
            throws CompileException {
        if (part == Source.Part.RESPONSE && argument.equalsIgnoreCase(FaultField.NAME.toString())) {
            return new Source.FaultRecord();
        }
        int question = argument.indexOf('?');
        String main = question < 0 ? argument : argument.substring(0, question);
        return new Source.Header(
                part,
                HeaderRef.of(main, at),
                question < 0 ? null : HeaderRef.of(argument.substring(question + 1), at),
                cutsQuery);
    }

    private static @Nullable Source path(String argument) {
        String[] parts = argument.split(":", -1);
        Source.Version version = parts.length < 2 ? Source.Version.ORIGINAL_OR_NOW : version(parts[1], "PATH");
        boolean known = parts.length <= 2 && List.of("", "WQ", "NQ").contains(parts[0]);
        return known && version != null ? new Source.Path(!parts[0].equals("NQ"), version) : null;
    }

    private static @Nullable Source serverName(String argument) {
        String[] parts = argument.split(":", -1);
        Source.Version version = parts.length < 2 ? Source.Version.ORIGINAL_OR_NOW : version(parts[1], "HOST");
        boolean known = parts.length <= 2
                && List.of("", "SNI_ONLY", "SNI_FIRST", "HOST_FIRST").contains(parts[0]);
        return known && version != null
                ? new Source.ServerName(parts[0].equals("HOST_FIRST"), parts[0].endsWith("_FIRST"), version)
                : null;
    }

    /** @param now the word for what the text has become */
    private static Source.@Nullable Version version(String word, String now) {
        if (word.equals("ORIG")) {
            return Source.Version.ORIGINAL;
        }
        if (word.equals(now)) {
            return Source.Version.NOW;
        }
        return word.equals("ORIG_OR_" + now) ? Source.Version.ORIGINAL_OR_NOW : null;
    }

    /** The first command with a value, of a list in JSON: each by its name, or with what stands in its brackets. */
    private static Source first(String argument, Place at) throws CompileException {
        List<Piece.Command> commands = new ArrayList<>();
        try {
            List<Object> operators = JSONObjectUtils.getJSONArray(JSONObjectUtils.parse(argument), "operators");
            for (Object each : operators == null ? List.of() : operators) {
                Map<?, ?> operator = each instanceof Map<?, ?> map ? map : Map.of("command", each);
                String name = String.valueOf(operator.get("command"));
                Object parameter = operator.get("param");
                Source source = source(name, parameter == null ? "" : ByteText.of(parameter.toString()), at);
                int length = operator.get("max_length") instanceof Number most ? most.intValue() : WHOLE;
                commands.add(cut(name, name, source, length, at));
            }
        } catch (ParseException e) {
            commands.clear();
        }
        if (commands.isEmpty()) {
            throw at.refuse("command %COALESCE(" + argument + ")%: an object with a list of operators is needed");
        }
        return new Source.First(List.copyOf(commands));
    }

    /** A fact, whose argument must be one that it has. */
    private static @Nullable Source fact(String name, String argument, Place at) throws CompileException {
        Optional<Operator> known = Arrays.stream(Operator.values())
                .filter(operator -> operator.name().equals(name))
                .findFirst();
        if (known.isEmpty()) {
            String why = Operator.refusal(name);
            throw at.refuse("not supported: command %" + name + "%" + (why == null ? "" : ": " + why));
        }
        Operator operator = known.get();
        if (operator.isMoment() && !argument.isEmpty()) {
            boolean local = name.endsWith("_LOCAL");
            return new Source.Moment(operator, TimeFormat.parse(argument, local, at));
        }
        return operator.takes(argument) ? new Source.Fact(operator, argument) : null;
    }
}
