package dev.lateen.proxy.http;

import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.JsonLayout;
import java.util.StringJoiner;

/** A request or connection as a line of an access log. */
public final class AccessLogLine {
    private AccessLogLine() {}

    /** The line, its end included. */
    public static String of(AccessLog log, FormatContext context) {
        return switch (log.layout()) {
            case AccessLog.Text(var format, var _) -> ended(format.render(context, "-"));
            case AccessLog.Json(var fields, var omitEmpty) -> json(fields, context, omitEmpty) + "\n";
        };
    }

    private static String json(JsonLayout layout, FormatContext context, boolean omitEmpty) {
        return switch (layout) {
            case JsonLayout.Fields(var fields) -> {
                StringJoiner json = new StringJoiner(",", "{", "}");
                fields.forEach((name, field) -> {
                    String value = json(field, context, omitEmpty);
                    if (!omitEmpty || !value.equals("null")) {
                        json.add(quoted(name) + ":" + value);
                    }
                });
                yield json.toString();
            }
            case JsonLayout.Items(var items) -> {
                StringJoiner json = new StringJoiner(",", "[", "]");
                items.forEach(item -> json.add(json(item, context, omitEmpty)));
                yield json.toString();
            }
            case JsonLayout.Text(var format) -> {
                String value = format.render(context, format.isSingleCommand() ? "" : "-");
                yield value.isEmpty() && format.isSingleCommand() ? "null" : quoted(value);
            }
            case JsonLayout.Constant(var json) -> json;
        };
    }

    private static String ended(String line) {
        return line.endsWith("\n") ? line : line + "\n";
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format(java.util.Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
