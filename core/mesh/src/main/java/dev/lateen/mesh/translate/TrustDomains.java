package dev.lateen.mesh.translate;

import dev.lateen.config.MeshConfig;
import dev.lateen.mesh.Snapshot;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The trust domains of one mesh: its own, and those whose identities count as its own (MeshConfig trustDomainAliases).
 *
 * @param all its own one first
 */
record TrustDomains(List<String> all) {
    /** In rules this stands for the mesh's own trust domain, whatever that is called. */
    private static final String LOCAL = "cluster.local";

    static TrustDomains of(MeshConfig mesh) {
        Set<String> all = new LinkedHashSet<>();
        all.add(mesh.trustDomain().isEmpty() ? Snapshot.CLUSTER_DOMAIN : mesh.trustDomain());
        all.addAll(mesh.trustDomainAliases());
        return new TrustDomains(List.copyOf(all));
    }

    /** A principal of a rule as it is in each trust domain of the mesh; one of another trust domain is itself alone. */
    List<String> principals(String principal) {
        int slash = principal.indexOf('/');
        String domain = slash < 0 ? "" : principal.substring(0, slash);
        if (!all.contains(domain) && !domain.equals(LOCAL)) {
            return List.of(principal);
        }
        return all.stream().map(one -> one + principal.substring(slash)).toList();
    }
}
