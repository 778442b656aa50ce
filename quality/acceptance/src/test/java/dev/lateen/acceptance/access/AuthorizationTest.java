package dev.lateen.acceptance.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
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
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
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
        assertThat(scenes.stream().mapToInt(s -> s.questions().size()).sum()).isGreaterThanOrEqualTo(AccessTable.LEAST);
        return scenes.stream().map(scene -> DynamicTest.dynamicTest(scene.name(), () -> check(scene)));
    }

    private static void check(Scene scene) throws Exception {
        CompiledListener listener = listener(scene);
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
            if (question.facts().containsKey("token")) {
                continue; // claims come from tokens, of which JwtRulesTest has the same
            }
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
        return chain.access().stream().allMatch(rules -> rules.decide(access).allowed())
                && chain.asked().stream()
                        .allMatch(asks -> !asks.concerns(access.facts()) || question.identity()[2].equals("client"));
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
        Map<String, Object> said = new HashMap<>();
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

    private static boolean passes(FilterConfig.Access rules, Access access, Map<String, Object> said) {
        String chosen = rules.rehearsed().decide(access).policy();
        if (!chosen.isEmpty()) {
            said.put(rules.prefix() + "shadow_effective_policy_id", chosen);
        }
        boolean allowed = rules.rules().decide(access).allowed();
        if (!allowed) {
            assertThat(rules.rules().explain(access)).isNotEmpty();
        }
        return allowed;
    }

    /** The service that is asked lets pass what has {@code x-asked: yes}. */
    private static boolean passes(ExternalAuthorization asks, RequestHead head, Map<String, Object> said) {
        return !Objects.requireNonNull(asks.condition()).matches(said)
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

    private static CompiledListener listener(Scene scene) throws Exception {
        ReadResult read = new ConfigReader().readText("scene.yaml", scene.manifests() + AccessTable.SERVICE);
        assertThat(read.problems()).filteredOn(Problem::isError).isEmpty();
        MeshConfig.Read settings = MeshConfig.read("mesh", scene.settings());
        assertThat(settings.problems()).isEmpty();
        Snapshot.Change change = Snapshot.empty().change().mesh(settings.config());
        read.objects().forEach(change::put);
        Role role = scene.role();
        Struct.Builder labels = Struct.newBuilder();
        role.labels()
                .forEach((name, value) -> labels.putFields(
                        name, Value.newBuilder().setStringValue(value).build()));
        ProxyNode node = ProxyNode.of(Node.newBuilder()
                .setId("%s~%s~%s.default~default.svc.cluster.local"
                        .formatted(role.proxy().name().toLowerCase(Locale.ROOT), role.address(), role.pod()))
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "LABELS",
                                Value.newBuilder().setStructValue(labels).build()))
                .build());
        String name = role == Role.WORKLOAD ? "virtualInbound" : "0.0.0.0_" + role.port();
        return CompiledListener.of((Listener) Objects.requireNonNull(Translator.translate(change.apply(), node)
                .of(ProxyResources.LISTENER)
                .get(name)));
    }
}
