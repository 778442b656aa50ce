package dev.lateen.proxy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Counters of a proxy's metrics page. */
final class PageCounts {
    private static final Pattern LINE = Pattern.compile("([a-z_]+)\\{(.*)} ([0-9]+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

    private PageCounts() {}

    /** The sums of a metric, by the values of these labels with spaces between them. */
    static Map<String, Long> sums(TestMesh mesh, String metric, String... by) {
        Map<String, Long> sums = new TreeMap<>();
        URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus");
        try {
            mesh.send(HttpRequest.newBuilder(page).build()).body().lines().forEach(line -> {
                Matcher parts = LINE.matcher(line);
                if (parts.matches() && parts.group(1).equals(metric)) {
                    Map<String, String> labels = new TreeMap<>();
                    LABEL.matcher(parts.group(2))
                            .results()
                            .forEach(label -> labels.put(label.group(1), label.group(2)));
                    StringBuilder key = new StringBuilder();
                    for (String label : by) {
                        key.append(key.isEmpty() ? "" : " ").append(labels.get(label));
                    }
                    sums.merge(key.toString(), Long.parseLong(parts.group(3)), Long::sum);
                }
            });
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return sums;
    }

    /** Waits until the sums are these. */
    static void await(TestMesh mesh, Map<String, Long> expected, String metric, String... by) {
        TestMesh.await(metric + " is " + expected + ", was " + sums(mesh, metric, by), () -> sums(mesh, metric, by)
                .equals(expected));
    }

    static long total(TestMesh mesh, String metric) {
        return sums(mesh, metric).values().stream().mapToLong(Long::longValue).sum();
    }

    /** A statistic of one of the proxy's clusters; -1 when it has none. */
    static long ofCluster(TestMesh mesh, String statistic, String cluster) {
        return sums(mesh, "envoy_cluster_" + statistic, "cluster_name").getOrDefault(cluster, -1L);
    }
}
