package dev.lateen.analysis;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.security.RequestAuthentication;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.ProxyResources;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Translator;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.authorization.ConnectionAuthorization;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.filter.HttpFilter;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.proxycore.listener.HeadPreparation;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.listener.TransportSocket;
import dev.lateen.proxycore.rbac.Access;
import dev.lateen.proxycore.rbac.AccessRules;
import dev.lateen.proxycore.rbac.Question;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who one proxy lets in under the rules of one snapshot: what its listeners say of a recorded call. One thread. */
final class AccessGuard {
    /** Whether the token that a request carries, or lacks, is taken; the log has no tokens. */
    static final String TOKEN = "token";

    /** What a service says that is asked about the request (CUSTOM). */
    static final String SERVICE = "answer of the service ";

    private static final String INBOUND = "virtualInbound";
    private static final String CHOOSING = "istio_ext_authz_";
    private static final String SERVICE_PREFIX = "istio-ext-authz-";

    private final CompiledProxy proxy;
    private final boolean gateway;
    private final String tokenRules;

    AccessGuard(Snapshot snapshot, ProxyNode node) {
        ProxyResources resources = Translator.translate(snapshot, node);
        proxy = CompiledProxy.of(resources.byType().values().stream()
                .flatMap(byName -> byName.values().stream())
                .toList());
        gateway = node.type() == ProxyNode.Type.ROUTER;
        List<RequestAuthentication> specs =
                snapshot.rules().security().authentications(node.namespace(), node.labels()).stream()
                        .map(ConfigObject::spec)
                        .toList();
        tokenRules = specs.toString();
    }

    /**
     * What is said to a call.
     *
     * @param by what said it, for people
     */
    record Verdict(boolean allowed, String by) {}

    /** What the record does not tell of what is asked about the call, on a connection of this kind. */
    Set<Question> open(RecordedCall call, ConnectionFacts facts) {
        Set<Question> open = new LinkedHashSet<>();
        FilterChain chain = chain(call, facts);
        HttpConnectionManager http = http(chain);
        if (chain != null && http == null) {
            chain.access().forEach(rules -> open.addAll(rules.questions()));
            chain.asked().forEach(asks -> {
                open.addAll(asks.chooser().questions());
                asks.chooser().policyNames().forEach(name -> open.add(service(name)));
            });
        }
        boolean tokens = false;
        for (HttpFilter filter : http == null ? List.<HttpFilter>of() : http.filters()) {
            switch (filter.config()) {
                case FilterConfig.Tokens _ -> {
                    tokens = true;
                    open.add(token());
                }
                case FilterConfig.Access(AccessRules rules, AccessRules rehearsed, String prefix) -> {
                    open.addAll(rules.questions());
                    if (prefix.startsWith(CHOOSING)) {
                        open.addAll(rehearsed.questions());
                        rehearsed.policyNames().forEach(name -> open.add(service(name)));
                    }
                }
                default -> {}
            }
        }
        boolean hops = http != null
                && http.headers().useRemoteAddress()
                && http.headers().trustedHops() > 0;
        boolean withoutTokens = !tokens;
        open.removeIf(question -> question.subject().startsWith(Question.CLAIM)
                ? withoutTokens
                : call.tells(question, facts) && !(hops && question.subject().equals(Question.CLIENT_ADDRESS)));
        return open;
    }

    private Question token() {
        return new Question(TOKEN, tokenRules);
    }

    private static Question service(String policy) {
        int end = policy.indexOf("-ns[");
        return new Question(
                SERVICE + policy.substring(SERVICE_PREFIX.length(), Math.max(end, SERVICE_PREFIX.length())), "");
    }

    /** Decides, as the proxy would. */
    Verdict decide(RecordedCall call, ConnectionFacts facts, Map<Question, Boolean> answers) {
        FilterChain chain = chain(call, facts);
        HttpConnectionManager http = http(chain);
        if (chain == null || (facts.peer() == null && wantsCertificate(chain))) {
            return new Verdict(
                    false, facts.peer() == null ? "no mutual TLS, which is wanted" : "no filter chain takes it");
        }
        if (http == null) {
            return connection(chain, facts, answers);
        }
        RequestHead head = call.head();
        Access access = new Access(facts, head, new HeadPreparation(http).client(head, facts), Map.of());
        String chosen = "";
        for (HttpFilter filter : http.filters()) {
            switch (filter.config()) {
                case FilterConfig.Tokens _ -> {
                    if (!answers.getOrDefault(token(), true)) {
                        return new Verdict(false, "token");
                    }
                }
                case FilterConfig.Authorize _ -> {
                    if (!chosen.isEmpty() && !answers.getOrDefault(service(chosen), true)) {
                        return new Verdict(false, service(chosen).subject());
                    }
                }
                case FilterConfig.Access(AccessRules rules, AccessRules rehearsed, String prefix) -> {
                    if (prefix.startsWith(CHOOSING)) {
                        chosen = rehearsed.answered(answers).decide(access).policy();
                    }
                    AccessRules.Verdict verdict = rules.answered(answers).decide(access);
                    if (!verdict.allowed()) {
                        return new Verdict(false, name(verdict.policy()));
                    }
                }
                default -> {}
            }
        }
        return new Verdict(true, "");
    }

    private static boolean wantsCertificate(FilterChain chain) {
        return chain.transport() instanceof TransportSocket.DownstreamTls(var tls) && tls.requireCertificate();
    }

    /** Of bytes that are not read as HTTP. */
    private static Verdict connection(FilterChain chain, ConnectionFacts facts, Map<Question, Boolean> answers) {
        for (AccessRules rules : chain.access()) {
            AccessRules.Verdict verdict = rules.answered(answers).decide(Access.of(facts));
            if (!verdict.allowed()) {
                return new Verdict(false, name(verdict.policy()));
            }
        }
        for (ConnectionAuthorization asks : chain.asked()) {
            String chosen =
                    asks.chooser().answered(answers).decide(Access.of(facts)).policy();
            if (!chosen.isEmpty() && !answers.getOrDefault(service(chosen), true)) {
                return new Verdict(false, service(chosen).subject());
            }
        }
        return new Verdict(true, "");
    }

    /** {@code NAMESPACE/NAME rule INDEX} of {@code ns[NAMESPACE]-policy[NAME]-rule[INDEX]}. */
    private static String name(String policy) {
        return policy.isEmpty()
                ? "no ALLOW policy matches"
                : policy.replaceFirst("^.*?ns\\[(.*)]-policy\\[(.*)]-rule\\[(\\d+)].*$", "$1/$2 rule $3");
    }

    private @Nullable FilterChain chain(RecordedCall call, ConnectionFacts facts) {
        CompiledListener listener = gateway ? listenerAt(call.port()) : proxy.listener(INBOUND);
        return listener == null ? null : listener.match(facts, Trace.NONE);
    }

    private @Nullable CompiledListener listenerAt(int port) {
        return proxy.listeners().stream()
                .filter(listener -> listener.address().getPort() == port)
                .findFirst()
                .orElse(null);
    }

    private static @Nullable HttpConnectionManager http(@Nullable FilterChain chain) {
        return chain != null && chain.filter() instanceof HttpConnectionManager http ? http : null;
    }

    /** Whether it would read HTTP on a connection like this one. */
    boolean readsRequests(RecordedCall call) {
        return call.connections().stream().anyMatch(facts -> http(chain(call, facts)) != null);
    }

    /** Whether it has a listener for the call at all. */
    boolean hears(RecordedCall call) {
        return gateway ? listenerAt(call.port()) != null : proxy.listener(INBOUND) != null;
    }
}
