package dev.lateen.proxy.admin;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request to one of the proxy's own interfaces.
 *
 * @param query parameters; one without {@code =} is empty text
 */
record Question(String method, String path, Map<String, String> query) {
    static Question of(String method, URI uri) {
        Map<String, String> query = new LinkedHashMap<>();
        String raw = uri.getRawQuery();
        if (raw != null && !raw.isEmpty()) {
            for (String part : raw.split("&")) {
                int equals = part.indexOf('=');
                String name = equals < 0 ? part : part.substring(0, equals);
                query.put(decoded(name), equals < 0 ? "" : decoded(part.substring(equals + 1)));
            }
        }
        return new Question(method, uri.getPath(), query);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    boolean isPost() {
        return method.equals("POST");
    }

    boolean has(String parameter) {
        return query.containsKey(parameter);
    }

    boolean isJson() {
        return "json".equals(query.get("format"));
    }
}
