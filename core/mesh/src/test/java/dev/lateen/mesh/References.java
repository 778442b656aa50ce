package dev.lateen.mesh;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The names of other resources that listeners and route tables hold. */
final class References {
    /** Clusters that a request's or a connection's only way leads to. */
    final Set<String> clusters = new TreeSet<>();

    /** Clusters that get a share, or a copy. */
    final Set<String> shared = new TreeSet<>();

    /** Route tables. */
    final Set<String> tables = new TreeSet<>();

    static References of(Collection<Message> messages) {
        References found = new References();
        messages.forEach(found::read);
        return found;
    }

    private void read(Message message) {
        switch (message) {
            case Any any -> {
                unpack(any, HttpConnectionManager.class);
                unpack(any, TcpProxy.class);
                return;
            }
            case RouteAction action -> {
                if (action.hasCluster()) {
                    clusters.add(action.getCluster());
                }
                action.getRequestMirrorPoliciesList().forEach(mirror -> shared.add(mirror.getCluster()));
            }
            case WeightedCluster weighted ->
                weighted.getClustersList().forEach(cluster -> shared.add(cluster.getName()));
            case TcpProxy tcp -> {
                if (!tcp.getCluster().isEmpty()) {
                    shared.add(tcp.getCluster());
                }
                tcp.getWeightedClusters().getClustersList().forEach(cluster -> shared.add(cluster.getName()));
            }
            case Rds rds -> tables.add(rds.getRouteConfigName());
            default -> {}
        }
        message.getAllFields().forEach((field, value) -> {
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                if (value instanceof List<?> list) {
                    list.forEach(item -> read((Message) item));
                } else {
                    read((Message) value);
                }
            }
        });
    }

    private <T extends Message> void unpack(Any any, Class<T> type) {
        if (any.is(type)) {
            try {
                read(any.unpack(type));
            } catch (InvalidProtocolBufferException e) {
                throw new AssertionError(e);
            }
        }
    }
}
