package dev.lateen.telemetry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the Prometheus text exposition format, version 0.0.4: comment lines, samples with labels, an optional time
 * stamp that is dropped. Pure; any thread.
 */
public final class PrometheusText {
    private final String line;
    private final int number;
    private int at;

    private PrometheusText(String line, int number) {
        this.line = line;
        this.number = number;
    }

    /**
     * All samples of a page, in its order.
     *
     * @throws IllegalArgumentException with the line's number and column when the page is not in this format
     */
    public static List<Sample> read(String page) {
        List<Sample> samples = new ArrayList<>();
        int number = 0;
        for (String line : page.lines().toList()) {
            number++;
            String text = line.strip();
            if (!text.isEmpty() && text.charAt(0) != '#') {
                samples.add(new PrometheusText(text, number).sample());
            }
        }
        return samples;
    }

    private Sample sample() {
        String name = name("metric name");
        Map<String, String> labels = peek() == '{' ? labels() : Map.of();
        spaces();
        int end = at;
        while (end < line.length() && !Character.isWhitespace(line.charAt(end))) {
            end++;
        }
        double value = number(line.substring(at, end));
        return new Sample(name, labels, value);
    }

    private Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>();
        expect('{');
        spaces();
        while (peek() != '}') {
            String label = name("label name");
            spaces();
            expect('=');
            spaces();
            labels.put(label, quoted());
            spaces();
            if (peek() == ',') {
                at++;
                spaces();
            } else if (peek() != '}') {
                throw wrong("',' or '}'");
            }
        }
        at++;
        return labels;
    }

    private String name(String what) {
        int start = at;
        while (at < line.length() && isNamePart(line.charAt(at), at == start)) {
            at++;
        }
        if (at == start) {
            throw wrong("a " + what);
        }
        return line.substring(start, at);
    }

    private static boolean isNamePart(char c, boolean first) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || c == '_'
                || c == ':'
                || (!first && c >= '0' && c <= '9');
    }

    private String quoted() {
        expect('"');
        StringBuilder text = new StringBuilder();
        while (peek() != '"') {
            char c = line.charAt(at++);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            switch (peek()) {
                case 'n' -> text.append('\n');
                case '"' -> text.append('"');
                case '\\' -> text.append('\\');
                default -> throw wrong("one of \\n, \\\" and \\\\");
            }
            at++;
        }
        at++;
        return text.toString();
    }

    private double number(String text) {
        try {
            return switch (text) {
                case "+Inf" -> Double.POSITIVE_INFINITY;
                case "-Inf" -> Double.NEGATIVE_INFINITY;
                default -> Double.parseDouble(text);
            };
        } catch (NumberFormatException e) {
            throw wrong("a number");
        }
    }

    private void spaces() {
        while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
            at++;
        }
    }

    private char peek() {
        if (at >= line.length()) {
            throw wrong("more");
        }
        return line.charAt(at);
    }

    private void expect(char c) {
        if (peek() != c) {
            throw wrong("'" + c + "'");
        }
        at++;
    }

    private IllegalArgumentException wrong(String expected) {
        return new IllegalArgumentException(
                "metrics page, line " + number + ", column " + (at + 1) + ": expected " + expected + " in: " + line);
    }
}
