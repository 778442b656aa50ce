package dev.lateen.analysis;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A request that nobody sends: what an app would write on the wire.
 *
 * @param method such as {@code GET}
 * @param scheme {@code http}, or {@code https} when the app itself speaks TLS
 * @param host as the app calls it: a short name, a full name or an address
 * @param port as the app dials it
 * @param path with query
 * @param headers in order
 * @param claims of its token, which is good: texts, numbers, truth values, lists and maps of them
 */
public record PretendRequest(
        String method,
        String scheme,
        String host,
        int port,
        String path,
        List<Header> headers,
        Map<String, Object> claims) {
    public PretendRequest {
        headers = List.copyOf(headers);
        claims = Collections.unmodifiableMap(new TreeMap<>(claims)); // in an order that does not change
    }

    /** A header field. */
    public record Header(String name, String value) {}

    /**
     * A request by its URL.
     *
     * @throws IllegalArgumentException when the URL is not of the form {@code http[s]://host[:port][/path][?query]}
     */
    public static PretendRequest of(String method, String url) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("not a URL: " + url + ": " + e.getReason(), e);
        }
        String scheme = uri.getScheme();
        boolean tls = "https".equals(scheme);
        if ((!tls && !"http".equals(scheme)) || uri.getHost() == null) {
            throw new IllegalArgumentException("not of the form http[s]://host[:port]/path: " + url);
        }
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return new PretendRequest(
                method,
                scheme,
                uri.getHost(),
                uri.getPort() > 0 ? uri.getPort() : tls ? 443 : 80,
                uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery(),
                List.of(),
                Map.of());
    }

    /** The same with one more header field. */
    public PretendRequest header(String name, String value) {
        List<Header> all = new ArrayList<>(headers);
        all.add(new Header(name, value));
        return new PretendRequest(method, scheme, host, port, path, all, claims);
    }

    /** The same with a token that says this as well. */
    public PretendRequest claim(String name, Object value) {
        Map<String, Object> all = new TreeMap<>(claims);
        all.put(name, value);
        return new PretendRequest(method, scheme, host, port, path, headers, all);
    }

    /** What the app writes as Host: the port only when it is not the scheme's own. */
    public String authority() {
        boolean usual = port == (scheme.equals("https") ? 443 : 80);
        return usual ? host : host + ":" + port;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(method + " " + scheme + "://" + authority() + path);
        headers.forEach(
                header -> text.append("\n  ").append(header.name()).append(": ").append(header.value()));
        claims.forEach((name, value) ->
                text.append("\n  claim ").append(name).append(": ").append(value));
        return text.toString();
    }
}
