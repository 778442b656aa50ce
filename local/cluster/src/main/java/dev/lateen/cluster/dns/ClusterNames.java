package dev.lateen.cluster.dns;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the cluster's names are made of, at this moment. */
public interface ClusterNames {
    /** The service, or null. */
    @Nullable
    Service service(String namespace, String name);

    /** The slices of a service. */
    List<EndpointSlice> slices(String namespace, String service);

    /** All services, for the way from an address to a name. */
    List<Service> services();

    /** Names outside the cluster's domain that the cluster answers itself, with their addresses. */
    Map<String, List<String>> hosts();
}
