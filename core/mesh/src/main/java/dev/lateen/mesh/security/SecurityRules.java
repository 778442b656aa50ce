package dev.lateen.mesh.security;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.security.AuthorizationPolicy;
import dev.lateen.config.security.KeyLocation;
import dev.lateen.config.security.PeerAuthentication;
import dev.lateen.config.security.PeerAuthentication.Mode;
import dev.lateen.config.security.RequestAuthentication;
import dev.lateen.config.security.RequestAuthentication.JwtRule;
import dev.lateen.config.security.TargetReference;
import dev.lateen.config.security.WorkloadSelector;
import dev.lateen.mesh.rules.Rules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The security rules of one snapshot, and which of them hold for a workload. Immutable, for any thread. */
public final class SecurityRules {
    private final String root;
    private final List<ConfigObject<PeerAuthentication>> peers;
    private final List<ConfigObject<RequestAuthentication>> requests;
    private final List<ConfigObject<AuthorizationPolicy>> policies;

    private SecurityRules(
            String root,
            List<ConfigObject<PeerAuthentication>> peers,
            List<ConfigObject<RequestAuthentication>> requests,
            List<ConfigObject<AuthorizationPolicy>> policies) {
        this.root = root;
        this.peers = peers;
        this.requests = requests;
        this.policies = policies;
    }

    /**
     * Those among objects of any kinds.
     *
     * @param root namespace whose objects hold for all
     * @param former taken again when it means the same; null for none
     */
    public static SecurityRules of(Collection<ConfigObject<?>> objects, String root, @Nullable SecurityRules former) {
        SecurityRules now = new SecurityRules(
                root,
                Rules.oldestFirst(objects, Kinds.PEER_AUTHENTICATION),
                Rules.oldestFirst(objects, Kinds.REQUEST_AUTHENTICATION),
                Rules.oldestFirst(objects, Kinds.AUTHORIZATION_POLICY));
        return former != null && former.means(now) ? former : now;
    }

    private boolean means(SecurityRules other) {
        return root.equals(other.root)
                && peers.equals(other.peers)
                && requests.equals(other.requests)
                && policies.equals(other.policies);
    }

    /**
     * What callers of a workload's port must do, never UNSET: the port's mode, the workload's, its namespace's, the
     * mesh's, PERMISSIVE, whichever is set first. Of several objects of one reach the oldest counts.
     *
     * @param port of the workload; 0 for all ports that no object names
     */
    public Mode mode(String namespace, Map<String, String> labels, int port) {
        PeerAuthentication workload = null;
        PeerAuthentication local = null;
        PeerAuthentication mesh = null;
        for (ConfigObject<PeerAuthentication> object : peers) {
            if (!reaches(object, namespace)) {
                continue;
            }
            PeerAuthentication spec = object.spec();
            if (isSelective(spec.selector())) {
                workload = workload == null && selects(spec.selector(), labels) ? spec : workload;
            } else if (object.namespace().equals(root)) {
                mesh = mesh == null ? spec : mesh;
            } else {
                local = local == null ? spec : local;
            }
        }
        Mode mode = workload == null || port == 0 ? Mode.UNSET : workload.mode(port);
        for (PeerAuthentication next : new PeerAuthentication[] {workload, local, mesh}) {
            mode = mode == Mode.UNSET && next != null ? next.mode() : mode;
        }
        return mode == Mode.UNSET ? Mode.PERMISSIVE : mode;
    }

    /** Policies that hold for a workload, the root namespace's first, each in the order of age. */
    public List<ConfigObject<AuthorizationPolicy>> policies(String namespace, Map<String, String> labels) {
        return holding(policies, AuthorizationPolicy::selector, AuthorizationPolicy::targetRefs, namespace, labels);
    }

    /** Objects that say whose tokens a workload believes, the root namespace's first, each in the order of age. */
    public List<ConfigObject<RequestAuthentication>> authentications(String namespace, Map<String, String> labels) {
        return holding(requests, RequestAuthentication::selector, RequestAuthentication::targetRefs, namespace, labels);
    }

    /** Where the keys of the issuers are fetched, and how long that may take. */
    public Map<KeyLocation, Duration> keyLocations() {
        Map<KeyLocation, Duration> locations = new HashMap<>();
        for (ConfigObject<RequestAuthentication> object : requests) {
            for (JwtRule rule : object.spec().jwtRules()) {
                KeyLocation location = rule.keyLocation();
                if (location != null) {
                    locations.merge(
                            location, rule.effectiveTimeout(), (one, other) -> one.compareTo(other) > 0 ? one : other);
                }
            }
        }
        return locations;
    }

    /** Objects that select a workload, whether or not another one's mode counts before theirs. */
    public List<ConfigObject<PeerAuthentication>> peers(String namespace, Map<String, String> labels) {
        return holding(peers, PeerAuthentication::selector, _ -> List.of(), namespace, labels);
    }

    private <S extends Record> List<ConfigObject<S>> holding(
            List<ConfigObject<S>> objects,
            Function<S, @Nullable WorkloadSelector> selector,
            Function<S, List<TargetReference>> targets,
            String namespace,
            Map<String, String> labels) {
        List<ConfigObject<S>> ofRoot = new ArrayList<>();
        List<ConfigObject<S>> local = new ArrayList<>();
        for (ConfigObject<S> object : objects) {
            List<TargetReference> named = targets.apply(object.spec());
            boolean holds = named.isEmpty()
                    ? reaches(object, namespace) && selects(selector.apply(object.spec()), labels)
                    : object.namespace().equals(namespace) && named.stream().anyMatch(target -> target.selects(labels));
            if (holds) {
                (object.namespace().equals(root) ? ofRoot : local).add(object);
            }
        }
        ofRoot.addAll(local);
        return ofRoot;
    }

    private boolean reaches(ConfigObject<?> object, String namespace) {
        return object.namespace().equals(namespace) || object.namespace().equals(root);
    }

    private static boolean isSelective(@Nullable WorkloadSelector selector) {
        return selector != null && !selector.matchLabels().isEmpty();
    }

    private static boolean selects(@Nullable WorkloadSelector selector, Map<String, String> labels) {
        return selector == null || selector.selects(labels);
    }
}
