package dev.lateen.analysis;

import dev.lateen.analysis.Explanation.Step;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.ProxyResources;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Translator;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Answers why a request goes where it goes, by the same translation, compilation and decisions as in production, with
 * reasons switched on.
 *
 * <pre>{@code
 * ProxyNode client = Caller.sidecar(snapshot, "client", "default");
 * System.out.println(Explain.request(snapshot, client, PretendRequest.of("GET", "http://reviews/"), random));
 * }</pre>
 *
 * <p>What depends on chance (weights, shares) is drawn from the source given; {@link Outcome.Forwarded#destinations}
 * tells all that it could have been.
 */
public final class Explain {
    private Explain() {}

    /** Explains a request of an app behind a sidecar, or of a client at a gateway. */
    public static Explanation request(
            Snapshot snapshot, ProxyNode caller, PretendRequest request, RandomGenerator random) {
        ProxyResources resources = Translator.translate(snapshot, caller);
        CompiledProxy proxy = CompiledProxy.of(resources.byType().values().stream()
                .flatMap(byName -> byName.values().stream())
                .toList());
        Trace.Recording trace = Trace.recording();
        Walk walk = new Walk(proxy, request, random, trace);
        Outcome outcome =
                switch (caller.type()) {
                    case SIDECAR ->
                        walk.outbound(
                                caller.address(),
                                new Dial(snapshot, caller).address(request.host(), request.port(), trace));
                    case ROUTER -> walk.gateway(targets(snapshot, caller, request.port()));
                };
        return explanation(snapshot, caller, request, outcome, trace, proxy.refused());
    }

    /** The proxy's ports behind the port that clients of its Services use; the same number without such a Service. */
    private static List<Integer> targets(Snapshot snapshot, ProxyNode caller, int port) {
        List<Integer> targets = new ArrayList<>();
        for (MeshService service : snapshot.registry().services()) {
            boolean selects = service.namespace().equals(caller.namespace())
                    && !service.selector().isEmpty()
                    && caller.labels().entrySet().containsAll(service.selector().entrySet());
            if (selects) {
                service.port(port)
                        .map(MeshPort::targetNumber)
                        .filter(number -> number > 0)
                        .ifPresent(targets::add);
            }
        }
        targets.add(port);
        return targets;
    }

    private static Explanation explanation(
            Snapshot snapshot,
            ProxyNode caller,
            PretendRequest request,
            Outcome outcome,
            Trace.Recording trace,
            List<String> refused) {
        Origins origins = new Origins(snapshot);
        List<Step> steps = new ArrayList<>();
        for (Reason reason : trace.reasons()) {
            ConfigObject<?> object = origins.find(reason.origin());
            steps.add(new Step(
                    reason,
                    object == null ? "" : object.objectName().toString(),
                    object == null ? "" : object.origin().at(Origins.field(reason.origin()))));
        }
        List<String> notes = new ArrayList<>();
        String host = Names.host(outcome);
        for (Problem problem : origins.problems(host.isEmpty() ? request.host() : host)) {
            notes.add(problem.toString());
        }
        refused.forEach(message -> notes.add("the proxy refuses " + message));
        return new Explanation(caller.id(), request, outcome, steps, notes);
    }
}
