package dev.lateen.acceptance.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.acceptance.access.AccessTable.Question;
import dev.lateen.acceptance.access.AccessTable.Scene;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.Problem;
import dev.lateen.config.ReadResult;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.ProxyResources;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Translator;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.authorization.ExternalAuthorization;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.proxycore.listener.HeadPreparation;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.rbac.Access;
import dev.lateen.proxycore.tls.PeerCertificate;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.json.JsonMapper;

/** The table of verdicts, through everything that decides: policies read, translated, compiled, asked. */
class AuthorizationTest {
    private static final JsonMapper JSON = new JsonMapper();

    @TestFactory
    Stream<DynamicTest> every_line() throws IOException {
        List<Scene> scenes = AccessTable.scenes();
        assertThat(scenes.stream().mapToInt(s -> s.questions().size()).sum()).isGreaterThanOrEqualTo(300);
        return scenes.stream().map(scene -> DynamicTest.dynamicTest(scene.name(), () -> check(scene)));
    }

    private static void check(Scene scene) throws Exception {
        CompiledListener listener = inbound(scene.manifests(), scene.settings());
        FilterChain http = null;
        FilterChain tcp = null;
        for (FilterChain chain : listener.chains()) {
            boolean catchAll = chain.match().destinationPort() == 0;
            if (catchAll && chain.filter() instanceof HttpConnectionManager) {
                http = chain;
            } else if (catchAll) {
                tcp = chain;
            }
        }
        List<String> wrong = new ArrayList<>();
        for (Question question : scene.questions()) {
            boolean allowed = question.isTcp()
                    ? connection(Objects.requireNonNull(tcp), question)
                    : request(Objects.requireNonNull(http), question);
            if (allowed != question.allowed()) {
                wrong.add((allowed ? "let in: " : "refused: ") + question);
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static boolean connection(FilterChain chain, Question question) throws IOException {
        Access access = Access.of(facts(question));
        return chain.access().stream().allMatch(rules -> rules.decide(access).allowed());
    }

    private static boolean request(FilterChain chain, Question question) throws IOException {
        HttpConnectionManager manager = (HttpConnectionManager) chain.filter();
        String[] words = question.what().split(" ", 2);
        int slash = words[1].indexOf('/');
        RequestHead head = RequestHead.of(words[0], words[1].substring(0, slash), words[1].substring(slash));
        Map<String, Object> claims = Map.of();
        for (Map.Entry<String, String> fact : question.facts().entrySet()) {
            if (fact.getKey().startsWith("h.")) {
                head.with(fact.getKey().substring(2), fact.getValue());
            } else if (fact.getKey().equals("claims")) {
                claims = claims(fact.getValue());
            }
        }
        ConnectionFacts facts = facts(question);
        HeadPreparation preparation = new HeadPreparation(manager);
        InetAddress client = preparation.client(head, facts);
        if (preparation.request(head, "HTTP/1.1", facts, () -> "id") != null) {
            return false;
        }
        Access access = new Access(facts, head, client, claims);
        Map<String, String> said = new HashMap<>();
        for (HttpFilter filter : manager.filters()) {
            boolean passes =
                    switch (filter.config()) {
                        case FilterConfig.Access rules -> passes(rules, access, said);
                        case FilterConfig.Authorize asks -> passes(asks.authorization(), head, said);
                        default -> true;
                    };
            if (!passes) {
                return false;
            }
        }
        return true;
    }

    private static boolean passes(FilterConfig.Access rules, Access access, Map<String, String> said) {
        String chosen = rules.rehearsed().decide(access).policy();
        if (!chosen.isEmpty()) {
            said.put("envoy.filters.http.rbac " + rules.prefix() + "shadow_effective_policy_id", chosen);
        }
        boolean allowed = rules.rules().decide(access).allowed();
        if (!allowed) {
            assertThat(rules.rules().explain(access)).isNotEmpty();
        }
        return allowed;
    }

    /** The service that is asked lets pass what has {@code x-asked: yes}. */
    private static boolean passes(ExternalAuthorization asks, RequestHead head, Map<String, String> said) {
        return !Objects.requireNonNull(asks.condition()).holds(said)
                || "yes".equals(head.fields().get(FieldName.of("x-asked")));
    }

    @SuppressWarnings("unchecked") // JSON objects have texts as keys
    private static Map<String, Object> claims(String json) {
        return JSON.readValue(json, Map.class);
    }

    private static ConnectionFacts facts(Question question) throws IOException {
        InetAddress from = InetAddress.ofLiteral(question.facts().getOrDefault("ip", "10.244.0.7"));
        int port = Integer.parseInt(question.facts().getOrDefault("port", "8080"));
        ConnectionFacts facts = ConnectionFacts.plain(
                new InetSocketAddress(InetAddress.ofLiteral("10.244.0.9"), port), new InetSocketAddress(from, 40_000));
        if (question.facts().containsKey("sni")) {
            facts = facts.withTls(Objects.requireNonNull(question.facts().get("sni")), List.of());
        }
        String[] identity = question.identity();
        return question.who().equals("-") ? facts : facts.withPeer(peer(identity[0], identity[1], identity[2]));
    }

    private static PeerCertificate peer(String trustDomain, String namespace, String account) {
        return PeerCertificate.ofUri("spiffe://" + trustDomain + "/ns/" + namespace + "/sa/" + account);
    }

    private static CompiledListener inbound(String manifests, String mesh) throws Exception {
        ReadResult read = new ConfigReader().readText("scene.yaml", manifests + AccessTable.SERVICE);
        assertThat(read.problems()).filteredOn(Problem::isError).isEmpty();
        MeshConfig.Read settings = MeshConfig.read("mesh", mesh);
        assertThat(settings.problems()).isEmpty();
        Snapshot.Change change = Snapshot.empty().change().mesh(settings.config());
        read.objects().forEach(change::put);
        ProxyNode node = ProxyNode.of(io.envoyproxy.envoy.config.core.v3.Node.newBuilder()
                .setId("sidecar~10.244.0.9~web.default~default.svc.cluster.local")
                .setMetadata(com.google.protobuf.Struct.newBuilder()
                        .putFields(
                                "LABELS",
                                com.google.protobuf.Value.newBuilder()
                                        .setStructValue(com.google.protobuf.Struct.newBuilder()
                                                .putFields(
                                                        "app",
                                                        com.google.protobuf.Value.newBuilder()
                                                                .setStringValue("web")
                                                                .build()))
                                        .build()))
                .build());
        return CompiledListener.of((Listener) Objects.requireNonNull(Translator.translate(change.apply(), node)
                .of(ProxyResources.LISTENER)
                .get("virtualInbound")));
    }
}
