package dev.lateen.proxy.http;

import dev.lateen.proxycore.JsonText;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.JsonLayout;

/**
 * A request or connection as a line of an access log (Envoy documentation, "Access logging"), in bytes: one character
 * each.
 */
public final class AccessLogLine {
    private AccessLogLine() {}

    /** The line, its end included. */
    public static String of(AccessLog.File log, FormatContext context) {
        StringBuilder line = new StringBuilder(256);
        switch (log.layout()) {
            case AccessLog.Text(var format, var omitEmpty) -> {
                format.render(context, omitEmpty ? "" : "-", line);
                if (line.isEmpty() || line.charAt(line.length() - 1) != '\n') {
                    line.append('\n');
                }
            }
            case AccessLog.Json(var fields, var omitEmpty) -> {
                if (!json(fields, context, omitEmpty, line)) {
                    line.append("{}");
                }
                line.append('\n');
            }
        }
        return line.toString();
    }

    /** Appends a value; false where there is none, which is left out then. */
    private static boolean json(JsonLayout layout, FormatContext context, boolean omitEmpty, StringBuilder json) {
        int start = json.length();
        switch (layout) {
            case JsonLayout.Fields(var fields) -> {
                json.append('{');
                for (JsonLayout.Field field : fields) {
                    int before = json.length();
                    separate(json, '{');
                    json.append(field.key());
                    if (!json(field.value(), context, omitEmpty, json)) {
                        json.setLength(before);
                    }
                }
                if (omitEmpty && json.length() == start + 1) {
                    json.setLength(start);
                    return false;
                }
                json.append('}');
            }
            case JsonLayout.Items(var items) -> {
                json.append('[');
                items.forEach(item -> {
                    int before = json.length();
                    separate(json, '[');
                    if (!json(item, context, omitEmpty, json)) {
                        json.setLength(before);
                    }
                });
                json.append(']');
            }
            case JsonLayout.Text(var format) -> {
                return text(format, context, omitEmpty, json);
            }
            case JsonLayout.Constant(var constant) -> {
                if (omitEmpty && constant.equals("null")) {
                    return false;
                }
                json.append(constant);
            }
        }
        return true;
    }

    private static void separate(StringBuilder json, char opening) {
        if (json.charAt(json.length() - 1) != opening) {
            json.append(',');
        }
    }

    private static boolean text(Format format, FormatContext context, boolean omitEmpty, StringBuilder json) {
        if (!format.isSingleCommand()) {
            JsonText.quoteBytes(format.render(context, omitEmpty ? "" : "-"), json);
            return true;
        }
        String value = format.single(context);
        if (value == null) {
            if (!omitEmpty) {
                json.append("null");
            }
            return !omitEmpty;
        }
        if (format.isNumber() && isNumber(value)) {
            json.append(value);
        } else {
            JsonText.quoteBytes(value, json);
        }
        return true;
    }

    /** Whether it is one: a status may be what an app made up. */
    private static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() < 19 && (text.charAt(0) != '0' || text.length() == 1);
    }
}
