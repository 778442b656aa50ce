package dev.lateen.control;

import dev.lateen.control.secret.ProxySecrets;
import dev.lateen.control.status.StatusBoard;
import dev.lateen.xds.server.ClientStatus;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the control plane knows and has sent, as JSON under Istio's paths ({@code /debug/…}) and in the shapes of its
 * istiod (istio/istio, pilot/pkg/xds/debug.go). Reads only.
 */
final class DebugPages {
    static final String PREFIX = "/debug/";

    /** The name of the only cluster, as Istio has it where nothing else is said. */
    static final String CLUSTER = "Kubernetes";

    private static final JsonMapper JSON = JsonMapper.shared();

    private final Map<String, HttpPages.Page> pages = new TreeMap<>();

    DebugPages(
            Distribution distribution,
            ProxySecrets secrets,
            ProblemBoard problems,
            StatusBoard status,
            Supplier<List<ClientStatus>> clients) {
        Supplier<List<ClientStatus>> proxies = () -> DebugQuestions.proxies(clients.get());
        add(new ConnectionPages(proxies, status).pages());
        add(new RegistryPages(distribution::snapshot, proxies).pages());
        add(new ConfigPages(distribution::snapshot, problems, proxies).pages());
        add(new ProxyPages(distribution, secrets, proxies).pages());
        List<String> names = pages.keySet().stream()
                .map(path -> path.substring(PREFIX.length()))
                .toList();
        pages.put(PREFIX + "list", _ -> json(JSON.valueToTree(names)));
    }

    private void add(Map<String, HttpPages.Page> some) {
        some.forEach((name, page) -> pages.put(PREFIX + name, page));
    }

    /** By path. */
    Map<String, HttpPages.Page> pages() {
        return pages;
    }

    static HttpPages.Answer json(JsonNode page) {
        return HttpPages.Answer.json(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(page) + "\n");
    }
}
