package dev.lateen.analysis;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** How far proxies are, out of the control plane's page {@code /debug/syncz}, ours or istiod's. */
public final class SyncTable {
    private static final List<String> TYPES = List.of("cluster", "listener", "endpoint", "route", "extensionconfig");

    private SyncTable() {}

    /** A row for each proxy, and for each type whether it has acknowledged what was sent last. */
    public static TextTable of(JsonNode syncz) {
        TextTable table = new TextTable("NAME", "CLUSTER", "CDS", "LDS", "EDS", "RDS", "ECDS", "VERSION");
        for (JsonNode proxy : syncz) {
            table.row(
                    proxy.path("proxy").asString(),
                    proxy.path("cluster_id").asString(""),
                    state(proxy, TYPES.get(0)),
                    state(proxy, TYPES.get(1)),
                    state(proxy, TYPES.get(2)),
                    state(proxy, TYPES.get(3)),
                    state(proxy, TYPES.get(4)),
                    proxy.path("istio_version").asString(""));
        }
        return table;
    }

    /** Why proxies said no, one line for each; empty when none did. */
    public static String refusals(JsonNode syncz) {
        StringBuilder text = new StringBuilder();
        for (JsonNode proxy : syncz) {
            for (String type : TYPES) {
                String why = proxy.path(type + "_rejected").asString("");
                if (!why.isEmpty()) {
                    text.append(proxy.path("proxy").asString())
                            .append(" refused ")
                            .append(type)
                            .append(": ")
                            .append(why)
                            .append('\n');
                }
            }
        }
        return text.toString();
    }

    private static String state(JsonNode proxy, String type) {
        String sent = proxy.path(type + "_sent").asString("");
        if (sent.isEmpty()) {
            return "NOT SENT";
        }
        if (!proxy.path(type + "_rejected").asString("").isEmpty()) {
            return "REFUSED";
        }
        return sent.equals(proxy.path(type + "_acked").asString("")) ? "SYNCED" : "STALE";
    }
}
