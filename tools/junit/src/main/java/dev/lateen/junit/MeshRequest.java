package dev.lateen.junit;

import dev.lateen.analysis.Caller;
import dev.lateen.analysis.Explain;
import dev.lateen.analysis.Explanation;
import dev.lateen.analysis.Names;
import dev.lateen.analysis.Outcome;
import dev.lateen.analysis.PretendRequest;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import java.util.Map;
import java.util.Random;

/**
 * A pretended request. Methods that add to it return a new one; methods that claim something throw an assertion error
 * with the whole explanation when the claim does not hold.
 */
public final class MeshRequest {
    private static final String OUTSIDE = "PassthroughCluster";

    private final Snapshot snapshot;
    private final PretendRequest request;
    private final String namespace;
    private final ProxyNode caller;

    private MeshRequest(Snapshot snapshot, PretendRequest request, String namespace, ProxyNode caller) {
        this.snapshot = snapshot;
        this.request = request;
        this.namespace = namespace;
        this.caller = caller;
    }

    static MeshRequest of(Snapshot snapshot, PretendRequest request, String namespace) {
        return new MeshRequest(snapshot, request, namespace, Caller.sidecar(snapshot, "client", namespace));
    }

    /** Comes from this app of the mesh's namespace: the name of a pod or workload, or the value of label {@code app}. */
    public MeshRequest from(String app) {
        return from(app, namespace);
    }

    /** Comes from this app of that namespace. */
    public MeshRequest from(String app, String otherNamespace) {
        return new MeshRequest(snapshot, request, otherNamespace, Caller.sidecar(snapshot, app, otherNamespace));
    }

    /** Comes from outside to the gateway of the usual name: label {@code istio: ingressgateway}. */
    public MeshRequest fromOutside() {
        return fromOutside(Map.of("istio", "ingressgateway"), "istio-system");
    }

    /** Comes from outside to the gateway whose pods have these labels. */
    public MeshRequest fromOutside(Map<String, String> gatewayLabels, String gatewayNamespace) {
        return new MeshRequest(snapshot, request, namespace, Caller.gateway(snapshot, gatewayLabels, gatewayNamespace));
    }

    /** Carries this header field. */
    public MeshRequest header(String name, String value) {
        return new MeshRequest(snapshot, request.header(name, value), namespace, caller);
    }

    /**
     * Carries a token that is good and says this, which gateways may route by: a text, number, truth value, list or map.
     */
    public MeshRequest claim(String name, Object value) {
        return new MeshRequest(snapshot, request.claim(name, value), namespace, caller);
    }

    /** What becomes of it, and why; always the same for the same mesh and request. */
    public Explanation explanation() {
        return Explain.request(snapshot, caller, request, new Random(0));
    }

    /**
     * Claims that it is forwarded to this service.
     *
     * @param host the service's name as the caller would write it, short or full
     */
    public ForwardedRequest goesTo(String host) {
        Explanation explanation = explanation();
        if (explanation.outcome() instanceof Outcome.Forwarded forwarded) {
            for (var destination : forwarded.destinations()) {
                if (destination.weight() > 0 && !means(host, Names.host(destination.cluster()))) {
                    throw Claim.failed("goes to " + host, "goes to " + destination.cluster(), explanation);
                }
            }
            return new ForwardedRequest(explanation, forwarded);
        }
        throw Claim.failed("goes to " + host, explanation.outcome().toString(), explanation);
    }

    /** Claims that it goes to where its caller dialled, as to no service of the mesh (outbound policy ALLOW_ANY). */
    public void passesToOutside() {
        Explanation explanation = explanation();
        boolean holds =
                switch (explanation.outcome()) {
                    case Outcome.Forwarded forwarded -> forwarded.cluster().equals(OUTSIDE);
                    case Outcome.Passed passed -> passed.cluster().equals(OUTSIDE);
                    case Outcome.Answered _, Outcome.Redirected _, Outcome.Failed _ -> false;
                };
        if (!holds) {
            throw Claim.failed("passes to outside", explanation.outcome().toString(), explanation);
        }
    }

    /** Claims that its bytes are passed on to this service, without a look at HTTP. */
    public void passesTo(String host) {
        Explanation explanation = explanation();
        boolean holds = explanation.outcome() instanceof Outcome.Passed passed
                && (passed.cluster().equals(host) || means(host, Names.host(passed.cluster())));
        if (!holds) {
            throw Claim.failed(
                    "passes as bytes to " + host, explanation.outcome().toString(), explanation);
        }
    }

    private boolean means(String written, String full) {
        String domain = snapshot.domain();
        return full.equals(written)
                || full.equals(written + "." + namespace + ".svc." + domain)
                || full.equals(written + ".svc." + domain)
                || full.equals(written + "." + domain);
    }

    /** Claims that a proxy answers it with this status and a body that contains this text. */
    public void isAnswered(int status, String partOfBody) {
        Explanation explanation = explanation();
        boolean holds = explanation.outcome() instanceof Outcome.Answered(int answered, String body)
                && answered == status
                && body.contains(partOfBody);
        if (!holds) {
            throw Claim.failed(
                    "is answered " + status + " with \"" + partOfBody + "\"",
                    explanation.outcome().toString(),
                    explanation);
        }
    }

    /** Claims that a proxy answers it with this status. */
    public void isAnswered(int status) {
        isAnswered(status, "");
    }

    /** Claims that it is redirected. */
    public void isRedirected(int status, String location) {
        Explanation explanation = explanation();
        if (!explanation.outcome().equals(new Outcome.Redirected(status, location))) {
            throw Claim.failed(
                    "is redirected: " + status + " to " + location,
                    explanation.outcome().toString(),
                    explanation);
        }
    }

    /**
     * Claims that it fails with this status at the caller's proxy or at the gateway: no route, no endpoint.
     *
     * @param status 0 for a connection that is closed
     */
    public void fails(int status) {
        Explanation explanation = explanation();
        boolean holds =
                switch (explanation.outcome()) {
                    case Outcome.Failed(var fault) -> fault.status() == status;
                    case Outcome.Forwarded forwarded ->
                        forwarded.fault() != null && forwarded.fault().status() == status;
                    case Outcome.Passed passed -> passed.fault() != null && status == 0;
                    case Outcome.Answered _, Outcome.Redirected _ -> false;
                };
        if (!holds) {
            throw Claim.failed("fails with " + status, explanation.outcome().toString(), explanation);
        }
    }
}
