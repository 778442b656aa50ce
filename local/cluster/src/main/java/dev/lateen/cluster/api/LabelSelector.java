package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/** Reads the text form of label selectors, such as {@code app=web,tier in (a, b),!old}. */
final class LabelSelector {
    private static final String SYMBOLS = "=!(),<>";
    private static final Set<String> OPERATORS = Set.of("in", "notin", "=", "==", "!=", ">", "<");

    private final List<String> tokens = new ArrayList<>();
    private int at;

    private LabelSelector(String text) {
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c)) {
                i++;
                continue;
            }
            int from = i;
            if (SYMBOLS.indexOf(c) >= 0) {
                i++;
                if ((c == '=' || c == '!') && i < text.length() && text.charAt(i) == '=') {
                    i++;
                }
            } else {
                while (i < text.length()
                        && SYMBOLS.indexOf(text.charAt(i)) < 0
                        && !Character.isWhitespace(text.charAt(i))) {
                    i++;
                }
            }
            tokens.add(text.substring(from, i));
        }
    }

    /** Tests objects' labels; an empty text fits all. */
    static Predicate<JsonNode> parse(String text) throws ApiException {
        LabelSelector parser = new LabelSelector(text);
        List<Predicate<JsonNode>> requirements = new ArrayList<>();
        while (!parser.next().isEmpty()) {
            requirements.add(parser.requirement());
            String end = parser.take();
            if (end.equals(",")) {
                if (parser.next().isEmpty()
                        || (parser.symbol() && !parser.next().equals("!"))) {
                    throw unexpected("found '" + parser.next() + "', expected: identifier after ','");
                }
            } else if (!end.isEmpty()) {
                throw unexpected("found '" + end + "', expected: ',' or 'end of string'");
            }
        }
        return object -> {
            JsonNode labels = object.path("metadata").path("labels");
            for (Predicate<JsonNode> requirement : requirements) {
                if (!requirement.test(labels)) {
                    return false;
                }
            }
            return true;
        };
    }

    private String next() {
        return at < tokens.size() ? tokens.get(at) : "";
    }

    private String take() {
        String token = next();
        at++;
        return token;
    }

    private boolean symbol() {
        return !next().isEmpty() && SYMBOLS.indexOf(next().charAt(0)) >= 0;
    }

    private static ApiException unexpected(String found) {
        return ApiException.badRequest("unable to parse requirement: " + found);
    }

    private Predicate<JsonNode> requirement() throws ApiException {
        boolean absent = next().equals("!");
        if (absent) {
            at++;
        }
        if (next().isEmpty() || symbol()) {
            throw unexpected("found '" + next() + "', expected: identifier");
        }
        String label = take();
        if (absent) {
            return labels -> !labels.has(label);
        }
        if (next().isEmpty() || next().equals(",")) {
            return labels -> labels.has(label);
        }
        String operator = take();
        if (!OPERATORS.contains(operator)) {
            throw unexpected("found '" + operator + "', expected: in, notin, =, ==, !=, gt, lt");
        }
        return switch (operator) {
            case "in" -> {
                Set<String> values = values();
                yield labels ->
                        labels.has(label) && values.contains(labels.path(label).asString(""));
            }
            case "notin" -> {
                Set<String> values = values();
                yield labels -> !labels.has(label)
                        || !values.contains(labels.path(label).asString(""));
            }
            case "!=" -> {
                String value = value();
                yield labels -> !labels.path(label).asString("\u0000").equals(value);
            }
            case ">", "<" -> {
                long bound = number(value());
                boolean more = operator.equals(">");
                yield labels -> compares(labels.path(label), bound, more);
            }
            default -> {
                String value = value();
                yield labels -> labels.path(label).asString("\u0000").equals(value);
            }
        };
    }

    private static long number(String value) throws ApiException {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw unexpected("for 'Gt', 'Lt' operators, the value must be an integer");
        }
    }

    private static boolean compares(JsonNode label, long bound, boolean more) {
        try {
            long value = Long.parseLong(label.asString(""));
            return more ? value > bound : value < bound;
        } catch (NumberFormatException notANumber) {
            return false;
        }
    }

    private String value() throws ApiException {
        if (next().isEmpty() || next().equals(",")) {
            return "";
        }
        if (symbol()) {
            throw unexpected("found '" + next() + "', expected: identifier");
        }
        return take();
    }

    private Set<String> values() throws ApiException {
        if (!next().equals("(")) {
            throw unexpected("found '" + next() + "' expected: '('");
        }
        at++;
        Set<String> values = new TreeSet<>();
        boolean needed = true;
        while (true) {
            String token = take();
            if (token.equals(")")) {
                if (needed) {
                    values.add("");
                }
                return values;
            }
            if (token.equals(",")) {
                if (needed) {
                    values.add("");
                }
                needed = true;
            } else if (token.isEmpty() || SYMBOLS.indexOf(token.charAt(0)) >= 0 || !needed) {
                throw unexpected("found '" + token + "', expected: ',', or ')'");
            } else {
                values.add(token);
                needed = false;
            }
        }
    }
}
