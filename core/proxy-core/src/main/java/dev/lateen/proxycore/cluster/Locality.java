package dev.lateen.proxycore.cluster;

/** Where endpoints are: region, zone and sub-zone, each may be empty. */
public record Locality(String region, String zone, String subZone) {
    /** Nobody said where. */
    public static final Locality UNKNOWN = new Locality("", "", "");

    @Override
    public String toString() {
        return region + "/" + zone + "/" + subZone;
    }
}
