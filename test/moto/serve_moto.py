"""Serves moto on a free port of 127.0.0.1, with what our stack uses and moto 5.2.5 leaves out.

moto takes the template as it was synthesised and says CREATE_COMPLETE, but some of what AWS would then do never
happens. Each function below adds one such thing; nothing else of moto is changed.
"""

import json
import os
import sys
import threading

from moto.awslambda.models import LambdaBackend
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventBus, Rule
from moto.events.utils import EventTemplateParser
from moto.s3.models import FakeBucket
from moto.server import main
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends


def let_refs_name_a_bus():
    """`Ref` of an event bus is its name."""
    EventBus.physical_resource_id = property(lambda bus: bus.name)


def apply_all_of_a_bucket():
    """CloudFormation applies a bucket's notifications and versioning as well."""
    create = FakeBucket.create_from_cloudformation_json.__func__

    def create_whole(cls, resource_name, cloudformation_json, account_id, region_name, **others):
        bucket = create(cls, resource_name, cloudformation_json, account_id, region_name, **others)
        properties = cloudformation_json.get("Properties", {})
        bucket.versioning_status = properties.get("VersioningConfiguration", {}).get("Status")
        notifications = properties.get("NotificationConfiguration", {})
        if "EventBridgeConfiguration" in notifications:
            bucket.set_notification_configuration({"EventBridgeConfiguration": {}})
        return bucket

    FakeBucket.create_from_cloudformation_json = classmethod(create_whole)


def send_to_topics():
    """A rule on a schedule matches no event, and a topic can be a rule's target.

    As on AWS, values are put into an input template as they are, unescaped: one that breaks the template is an error.
    """
    send = Rule.send_to_targets

    def send_to_all(rule, original_event, transform_input=True):
        if not rule.event_pattern.get_pattern() or not rule.event_pattern.matches_event(original_event):
            return
        all_targets = rule.targets
        topics = [target for target in all_targets if target["Arn"].split(":")[2] == "sns"]
        for target in topics:
            transformer = target["InputTransformer"]
            message = EventTemplateParser.parse(
                transformer["InputTemplate"], transformer["InputPathsMap"], original_event
            )
            text = message if isinstance(message, str) else json.dumps(message)
            sns_backends[rule.account_id][rule.region_name].publish(text, arn=target["Arn"])
        try:
            rule.targets = [target for target in all_targets if target not in topics]
            send(rule, original_event, transform_input)
        finally:
            rule.targets = all_targets

    Rule.send_to_targets = send_to_all


def leave_invocations_to_the_test():
    """moto would run a function in Docker; here the test plays the pollers, and the mappings only say how."""
    create = LambdaBackend.create_event_source_mapping

    def create_idle(backend, spec):
        mapping = create(backend, spec)
        place = (backend.account_id, backend.region_name)
        for queue in sqs_backends[place[0]][place[1]].queues.values():
            queue.lambda_event_source_mappings.clear()
        for table in dynamodb_backends[place[0]][place[1]].tables.values():
            table.lambda_event_source_mappings.clear()
        return mapping

    LambdaBackend.create_event_source_mapping = create_idle


def end_with_the_test():
    """Standard input closes when whoever started this ends, however that ends."""
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()


let_refs_name_a_bus()
apply_all_of_a_bucket()
send_to_topics()
leave_invocations_to_the_test()
end_with_the_test()
main(["-H", "127.0.0.1", "-p", "0"])
