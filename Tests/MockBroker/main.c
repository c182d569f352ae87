// A Kafka of the tests: librdkafka's mock cluster as a process of its own.
//
//     MockBroker BROKERS
//
// The first line of the output has the bootstrap servers. Then each line of the input is a command, answered by a line,
// "ok" or what is wrong; the end of the input is its end.
//
//     topic NAME PARTITIONS            creates a topic, on every broker
//     down BROKER, up BROKER           stops and starts a broker, -1 all
//     late BROKER MILLISECONDS         how long its answers take, -1 all
//     leader NAME PARTITION BROKER     moves a partition, -1 leaves it without a leader
//     spoil NAME CODE                  answers questions about a topic with this code, 0 no longer
//     fail REQUEST CODE COUNT          so many requests of a kind (number of the API) fail with this code
//     cut REQUEST COUNT                so many requests of a kind end the connection instead of being answered
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { ERRORS_MAX = 1000 };

static rd_kafka_resp_err_t fail(rd_kafka_mock_cluster_t *cluster, int request, int code, int count) {
    rd_kafka_resp_err_t errors[ERRORS_MAX];
    if (count < 1 || count > ERRORS_MAX) return RD_KAFKA_RESP_ERR__INVALID_ARG;
    for (int i = 0; i < count; i++) errors[i] = code;
    rd_kafka_mock_push_request_errors_array(cluster, (int16_t)request, (size_t)count, errors);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t obey(rd_kafka_mock_cluster_t *cluster, int brokers, const char *line) {
    char name[256];
    int a, b, c;
    if (sscanf(line, "topic %255s %d", name, &a) == 2)
        return rd_kafka_mock_topic_create(cluster, name, a, brokers);
    if (sscanf(line, "down %d", &a) == 1) return rd_kafka_mock_broker_set_down(cluster, a);
    if (sscanf(line, "up %d", &a) == 1) return rd_kafka_mock_broker_set_up(cluster, a);
    if (sscanf(line, "late %d %d", &a, &b) == 2) return rd_kafka_mock_broker_set_rtt(cluster, a, b);
    if (sscanf(line, "leader %255s %d %d", name, &a, &b) == 3)
        return rd_kafka_mock_partition_set_leader(cluster, name, a, b);
    if (sscanf(line, "spoil %255s %d", name, &a) == 2) {
        rd_kafka_mock_topic_set_error(cluster, name, a);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (sscanf(line, "fail %d %d %d", &a, &b, &c) == 3) return fail(cluster, a, b, c);
    if (sscanf(line, "cut %d %d", &a, &b) == 2) return fail(cluster, a, RD_KAFKA_RESP_ERR__TRANSPORT, b);
    return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

int main(int count, char **arguments) {
    int brokers = count == 2 ? atoi(arguments[1]) : 0;
    if (brokers < 1 || brokers > 9) {
        fprintf(stderr, "usage: MockBroker BROKERS (1 to 9)\n");
        return 64;
    }
    char error[512];
    rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof(error));
    if (!host) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, brokers);
    if (!cluster) {
        fprintf(stderr, "there is no mock cluster\n");
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    char line[512];
    while (fgets(line, sizeof(line), stdin)) {
        rd_kafka_resp_err_t result = obey(cluster, brokers, line);
        printf("%s\n", result == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2name(result));
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    return 0;
}
