package dev.lateen.proxycore.cluster;

import java.util.List;
import java.util.OptionalInt;

/**
 * The hosts of a cluster at one moment. Immutable; a new instance stands for every change of members, weights or
 * health, so that balancers notice by comparing references.
 */
public final class HostSet {
    private final List<Group> groups;
    private final List<Host> all;
    private final int overprovisioning;
    private final boolean weightedPriorityHealth;

    HostSet(List<Group> groups, int overprovisioning, boolean weightedPriorityHealth) {
        this.groups = List.copyOf(groups);
        this.all = groups.stream().flatMap(group -> group.hosts().stream()).toList();
        this.overprovisioning = overprovisioning;
        this.weightedPriorityHealth = weightedPriorityHealth;
    }

    /** Hosts of one locality and priority; see {@link EndpointSet.Group}. */
    public record Group(Locality locality, int priority, int weight, List<Host> hosts) {
        public Group {
            hosts = List.copyOf(hosts);
        }
    }

    /** Hosts by locality and priority, in the order that the control plane gave. */
    public List<Group> groups() {
        return groups;
    }

    /** All hosts, whatever their priority. */
    public List<Host> all() {
        return all;
    }

    /** The priority that the host has here; empty when it is none of these. */
    public OptionalInt priority(Host host) {
        return groups.stream()
                .filter(group -> group.hosts().contains(host))
                .mapToInt(Group::priority)
                .findFirst();
    }

    /** See {@link EndpointSet#overprovisioning}. */
    public int overprovisioning() {
        return overprovisioning;
    }

    /** See {@link EndpointSet#weightedPriorityHealth}. */
    public boolean weightedPriorityHealth() {
        return weightedPriorityHealth;
    }

    /** The endpoints that the hosts are made of. */
    public EndpointSet endpoints(String cluster) {
        return new EndpointSet(
                cluster,
                groups.stream()
                        .map(group -> new EndpointSet.Group(
                                group.locality(),
                                group.priority(),
                                group.weight(),
                                group.hosts().stream().map(Host::endpoint).toList()))
                        .toList(),
                overprovisioning,
                weightedPriorityHealth);
    }

    /** The same hosts in another instance. */
    HostSet renewed() {
        return new HostSet(groups, overprovisioning, weightedPriorityHealth);
    }
}
