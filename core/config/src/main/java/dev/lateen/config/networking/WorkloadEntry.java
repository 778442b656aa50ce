package dev.lateen.config.networking;

import dev.lateen.config.CheckedAsObject;
import dev.lateen.config.Labels;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import java.util.Map;

/**
 * A workload that is no pod, or an endpoint of a ServiceEntry (networking.istio.io WorkloadEntry).
 *
 * @param address an IP address; a host name where the ServiceEntry's resolution is DNS
 * @param ports number by name of the service's port
 * @param locality {@code region/zone/subzone}, of which the latter parts may lack
 * @param weight share of the load; 0 means 1
 */
public record WorkloadEntry(
        String address,
        Map<String, Integer> ports,
        Map<String, String> labels,
        @Later("several networks") String network,
        String locality,
        @Range(min = 0) int weight,
        String serviceAccount)
        implements Checked, CheckedAsObject {
    @Override
    public void check(ObjectMeta metadata, Findings findings) {
        if (address.isEmpty()) {
            findings.error("spec.address", "is required");
        }
    }

    @Override
    public void check(Findings findings) {
        if (!address.isEmpty() && !Subnets.isAddress(address)) {
            HostNames.checkFull(address, "address", findings);
        }
        Labels.check(labels, "labels", findings);
        ports.forEach((name, number) -> {
            PortNames.check(name, "ports[" + name + "]", findings);
            if (number < 1 || number > 65535) {
                findings.error("ports[" + name + "]", "must be from 1 to 65535, found " + number);
            }
        });
    }
}
