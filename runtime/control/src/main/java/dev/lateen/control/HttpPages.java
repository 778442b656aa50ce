package dev.lateen.control;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages of a port, by path. A path that begins with several slashes is taken for one with a single slash: a stock
 * {@code istioctl version} asks for {@code //version}.
 *
 * @param open for every caller
 * @param local for callers on the loopback address alone, hence for those who may exec or port-forward into the pod: the
 *     cluster's own access control decides about them
 */
record HttpPages(Map<String, Page> open, Map<String, Page> local) {
    private static final Logger log = LoggerFactory.getLogger(HttpPages.class);

    /** An answer. */
    record Answer(int status, String contentType, String body) {
        static Answer text(int status, String body) {
            return new Answer(status, "text/plain; charset=utf-8", body);
        }

        static Answer json(String body) {
            return new Answer(200, "application/json", body);
        }
    }

    /** Answers a GET. */
    interface Page {
        Answer get(Map<String, String> query) throws IOException;
    }

    Answer answer(String uri, InetAddress caller) {
        QueryStringDecoder decoded = new QueryStringDecoder(uri.replaceFirst("^/+", "/"));
        String path = decoded.path();
        boolean near = caller.isLoopbackAddress();
        if (local.containsKey(path) && !near) {
            return Answer.text(
                    403,
                    path + " answers callers on the loopback address alone: run kubectl port-forward to this pod, and"
                            + " ask there\n");
        }
        Page page = open.containsKey(path) ? open.get(path) : local.get(path);
        if (page == null) {
            return Answer.text(
                    404,
                    "not found; here are\n"
                            + Stream.concat(open.keySet().stream(), near ? local.keySet().stream() : Stream.of())
                                    .sorted()
                                    .collect(Collectors.joining("\n"))
                            + "\n");
        }
        try {
            return page.get(query(decoded));
        } catch (IOException | RuntimeException e) {
            log.error("{} failed", uri, e);
            return Answer.text(500, "failed: " + e + "\n");
        }
    }

    /** The parameters of a query, without its question mark; of several values of one the last. */
    static Map<String, String> query(String text) {
        return query(new QueryStringDecoder(text, false));
    }

    private static Map<String, String> query(QueryStringDecoder decoded) {
        Map<String, String> query = new TreeMap<>();
        decoded.parameters().forEach((name, values) -> query.put(name, values.getLast()));
        return query;
    }
}
