package dev.lateen.console;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The query of an address. */
final class Query {
    private Query() {}

    /**
     * Its parameters; of one that is given twice the last.
     *
     * @throws IllegalArgumentException when it is not well-formed
     */
    static Map<String, String> of(URI address) {
        Map<String, String> query = new LinkedHashMap<>();
        String raw = address.getRawQuery();
        if (raw != null) {
            for (String part : raw.split("&", -1)) {
                int equals = part.indexOf('=');
                String name = equals < 0 ? part : part.substring(0, equals);
                query.put(decoded(name), equals < 0 ? "" : decoded(part.substring(equals + 1)));
            }
        }
        return query;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** A parameter that is a number from {@code least} to {@code most}. */
    static long number(Map<String, String> query, String name, long least, long most, long otherwise) {
        String text = query.getOrDefault(name, "");
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(name + " is not a number from " + least + " to " + most);
    }
}
