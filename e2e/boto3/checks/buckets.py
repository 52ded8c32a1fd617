"""Buckets and what they keep: versions, locks, lifecycle, CORS, notifications, encryption."""
import datetime
import time

from harness import alt, body, bucket, check, code, day_seconds, http, main, refused, run, same, url

far = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=30)


@check(('ab', 0), ('Upper', 0), ('a..b', 0), ('-a-b', 0), ('192.168.0.1', 0), ('a' * 64, 0), ('under_score', 0))
def a_bucket_name_is_refused(name, _):
    status, data, _headers = http('PUT', f'{url}/{name}')
    same(status in (400, 403), True)
    from botocore.exceptions import ParamValidationError
    try:
        same(code(main.create_bucket, Bucket=name), '400 InvalidBucketName')
    except ParamValidationError:
        pass


@check()
def a_bucket_comes_and_goes():
    name = f'{run}-comes'
    main.create_bucket(Bucket=name)
    same(name in [each['Name'] for each in main.list_buckets()['Buckets']], True)
    same(main.get_bucket_location(Bucket=name)['LocationConstraint'], None)
    main.put_object(Bucket=name, Key='k', Body=b'x')
    refused('409 BucketNotEmpty', main.delete_bucket, Bucket=name)
    main.delete_object(Bucket=name, Key='k')
    main.delete_bucket(Bucket=name)
    refused('404 404', main.head_bucket, Bucket=name)
    refused('404 NoSuchBucket', main.delete_bucket, Bucket=name)


@check()
def versions_come_and_go():
    Bucket = bucket(versioned=True)
    ids = [main.put_object(Bucket=Bucket, Key='k', Body=data)['VersionId'] for data in (b'1', b'2')]
    marker = main.delete_object(Bucket=Bucket, Key='k')
    same(marker['DeleteMarker'], True)
    refused('404 NoSuchKey', main.get_object, Bucket=Bucket, Key='k')
    same([body({'Bucket': Bucket, 'Key': 'k', 'VersionId': each}) for each in ids], [b'1', b'2'])
    refused('405 MethodNotAllowed', main.get_object, Bucket=Bucket, Key='k', VersionId=marker['VersionId'])
    listed = main.list_object_versions(Bucket=Bucket)
    same([[each['VersionId'], each['IsLatest']] for each in listed['Versions']], [[ids[1], False], [ids[0], False]])
    same([each['IsLatest'] for each in listed['DeleteMarkers']], [True])
    main.delete_object(Bucket=Bucket, Key='k', VersionId=marker['VersionId'])
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'2')
    main.delete_object(Bucket=Bucket, Key='k', VersionId=ids[1])
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'1')


@check()
def versioning_is_suspended():
    Bucket = bucket()
    same('Status' in main.get_bucket_versioning(Bucket=Bucket), False)
    main.put_object(Bucket=Bucket, Key='k', Body=b'before')
    main.put_bucket_versioning(Bucket=Bucket, VersioningConfiguration={'Status': 'Enabled'})
    kept = main.put_object(Bucket=Bucket, Key='k', Body=b'kept')['VersionId']
    main.put_bucket_versioning(Bucket=Bucket, VersioningConfiguration={'Status': 'Suspended'})
    same(main.put_object(Bucket=Bucket, Key='k', Body=b'null').get('VersionId', 'null'), 'null')
    same([each['VersionId'] for each in main.list_object_versions(Bucket=Bucket)['Versions']], ['null', kept])
    same([body({'Bucket': Bucket, 'Key': 'k', 'VersionId': each}) for each in ('null', kept)], [b'null', b'kept'])
    same(main.delete_object(Bucket=Bucket, Key='k')['VersionId'], 'null')


@check()
def versions_are_listed_by_page():
    Bucket = bucket(versioned=True)
    for key in ('a', 'b'):
        for data in (b'1', b'2'):
            main.put_object(Bucket=Bucket, Key=key, Body=data)
    found, more = [], {}
    while True:
        page = main.list_object_versions(Bucket=Bucket, MaxKeys=1, **more)
        found += [(each['Key'], each['Size']) for each in page.get('Versions', [])]
        if not page['IsTruncated']:
            break
        more = {'KeyMarker': page['NextKeyMarker'], 'VersionIdMarker': page['NextVersionIdMarker']}
    same(found, [('a', 1), ('a', 1), ('b', 1), ('b', 1)])


@check()
def a_version_that_is_not_there():
    Bucket = bucket(versioned=True)
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    same(code(main.get_object, Bucket=Bucket, Key='k', VersionId='null'), '404 NoSuchVersion')
    same(code(main.put_bucket_versioning, Bucket=Bucket, VersioningConfiguration={'Status': 'enabled'}), '400 MalformedXML')


def locked():
    Bucket = bucket(ObjectLockEnabledForBucket=True)
    return Bucket, main.put_object(Bucket=Bucket, Key='k', Body=b'x')['VersionId']


@check('GOVERNANCE', 'COMPLIANCE')
def a_version_is_retained(mode):
    Bucket, version = locked()
    of = {'Bucket': Bucket, 'Key': 'k', 'VersionId': version}
    main.put_object_retention(**of, Retention={'Mode': mode, 'RetainUntilDate': far})
    same(main.get_object_retention(**of)['Retention'], {'Mode': mode, 'RetainUntilDate': far})
    head = main.head_object(**of)
    same([head['ObjectLockMode'], head['ObjectLockRetainUntilDate']], [mode, far])
    refused('403 AccessDenied', main.delete_object, **of)
    refused('403 AccessDenied', main.put_object_retention, **of, Retention={'Mode': mode, 'RetainUntilDate': far - datetime.timedelta(days=1)})
    main.put_object_retention(**of, Retention={'Mode': mode, 'RetainUntilDate': far + datetime.timedelta(days=1)})
    same(code(main.delete_object, Bucket=Bucket, Key='k'), 'ok')
    same(code(main.delete_object, **of, BypassGovernanceRetention=True), 'ok' if mode == 'GOVERNANCE' else '403 AccessDenied')


@check()
def a_version_is_held():
    Bucket, version = locked()
    of = {'Bucket': Bucket, 'Key': 'k', 'VersionId': version}
    refused('404 NoSuchObjectLockConfiguration', main.get_object_legal_hold, **of)
    main.put_object_legal_hold(**of, LegalHold={'Status': 'ON'})
    refused('403 AccessDenied', main.delete_object, **of, BypassGovernanceRetention=True)
    main.put_object_legal_hold(**of, LegalHold={'Status': 'OFF'})
    same(main.get_object_legal_hold(**of)['LegalHold'], {'Status': 'OFF'})
    main.delete_object(**of)


@check()
def a_default_retention():
    Bucket, _ = locked()
    rule = {'ObjectLockEnabled': 'Enabled', 'Rule': {'DefaultRetention': {'Mode': 'GOVERNANCE', 'Days': 2}}}
    main.put_object_lock_configuration(Bucket=Bucket, ObjectLockConfiguration=rule)
    same(main.get_object_lock_configuration(Bucket=Bucket)['ObjectLockConfiguration'], rule)
    version = main.put_object(Bucket=Bucket, Key='n', Body=b'x')['VersionId']
    same(main.get_object_retention(Bucket=Bucket, Key='n')['Retention']['Mode'], 'GOVERNANCE')
    refused('403 AccessDenied', main.delete_object, Bucket=Bucket, Key='n', VersionId=version)
    main.delete_object(Bucket=Bucket, Key='n', VersionId=version, BypassGovernanceRetention=True)


@check(('both', {'Mode': 'GOVERNANCE', 'Days': 1, 'Years': 1}, '400 MalformedXML'), ('no days', {'Mode': 'GOVERNANCE', 'Days': 0}, '400 InvalidArgument'), ('no mode', {'Mode': 'governance', 'Days': 1}, '400 MalformedXML'))
def a_default_retention_is_refused(_why, retention, expected):
    Bucket, _ = locked()
    refused(expected, main.put_object_lock_configuration, Bucket=Bucket, ObjectLockConfiguration={'ObjectLockEnabled': 'Enabled', 'Rule': {'DefaultRetention': retention}})


@check()
def locks_need_a_bucket_for_them():
    Bucket = bucket(versioned=True)
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    refused('404 ObjectLockConfigurationNotFoundError', main.get_object_lock_configuration, Bucket=Bucket)
    refused('400 InvalidRequest', main.put_object_retention, Bucket=Bucket, Key='k', Retention={'Mode': 'GOVERNANCE', 'RetainUntilDate': far})
    refused('400 InvalidRequest', main.put_object, Bucket=Bucket, Key='k', Body=b'x', ObjectLockLegalHoldStatus='ON')
    Bucket, _ = locked()
    refused('409 InvalidBucketState', main.put_bucket_versioning, Bucket=Bucket, VersioningConfiguration={'Status': 'Suspended'})
    refused('400 InvalidArgument', main.put_object_retention, Bucket=Bucket, Key='k', Retention={'Mode': 'GOVERNANCE', 'RetainUntilDate': datetime.datetime(2020, 1, 1)})


def rules(Bucket, *listed):
    main.put_bucket_lifecycle_configuration(Bucket=Bucket, LifecycleConfiguration={'Rules': [{'Status': 'Enabled', **each} for each in listed]})


def until(holds):
    for _ in range(200):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError('it did not come to that within 20 seconds')


def keys(Bucket):
    return [each['Key'] for each in main.list_objects_v2(Bucket=Bucket).get('Contents', [])]


@check()
def what_is_old_expires():
    Bucket = bucket()
    rules(Bucket, {'ID': 'logs', 'Filter': {'Prefix': 'logs/'}, 'Expiration': {'Days': 1}}, {'ID': 'tagged', 'Filter': {'Tag': {'Key': 'keep', 'Value': 'no'}}, 'Expiration': {'Days': 1}})
    same('rule-id="logs"' in main.put_object(Bucket=Bucket, Key='logs/a', Body=b'x')['Expiration'], True)
    main.put_object(Bucket=Bucket, Key='tagged', Body=b'x', Tagging='keep=no')
    main.put_object(Bucket=Bucket, Key='kept', Body=b'x')
    until(lambda: keys(Bucket) == ['kept'])


@check()
def what_was_replaced_expires():
    Bucket = bucket(versioned=True)
    for data in (b'1', b'2', b'3'):
        main.put_object(Bucket=Bucket, Key='k', Body=data)
    rules(Bucket, {'ID': 'old', 'Filter': {'Prefix': ''}, 'NoncurrentVersionExpiration': {'NoncurrentDays': 1, 'NewerNoncurrentVersions': 1}})
    until(lambda: len(main.list_object_versions(Bucket=Bucket)['Versions']) == 2)
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'3')


@check()
def an_upload_that_nobody_ends_expires():
    Bucket = bucket()
    rules(Bucket, {'ID': 'abort', 'Filter': {'Prefix': ''}, 'AbortIncompleteMultipartUpload': {'DaysAfterInitiation': 1}})
    same(main.create_multipart_upload(Bucket=Bucket, Key='k')['AbortRuleId'], 'abort')
    until(lambda: 'Uploads' not in main.list_multipart_uploads(Bucket=Bucket))


@check()
def what_is_old_goes_to_the_archive_and_comes_back():
    Bucket = bucket()
    rules(Bucket, {'ID': 'cold', 'Filter': {'Prefix': ''}, 'Transitions': [{'Days': 1, 'StorageClass': 'GLACIER'}]})
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    until(lambda: main.head_object(Bucket=Bucket, Key='k').get('StorageClass') == 'GLACIER')
    refused('403 InvalidObjectState', main.get_object, Bucket=Bucket, Key='k')
    main.restore_object(Bucket=Bucket, Key='k', RestoreRequest={'Days': 1_000_000})
    until(lambda: 'ongoing-request="false"' in main.head_object(Bucket=Bucket, Key='k').get('Restore', ''))
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'x')


@check(('no days', {'Expiration': {'Days': 0}}, '400 InvalidArgument'), ('a status', {'Expiration': {'Days': 1}, 'Status': 'enabled'}, '400 MalformedXML'), ('no action', {}, '400 InvalidRequest'))
def a_rule_is_refused(_why, rule, expected):
    refused(expected, main.put_bucket_lifecycle_configuration, Bucket=bucket(), LifecycleConfiguration={'Rules': [{'ID': 'r', 'Status': 'Enabled', 'Filter': {'Prefix': ''}, **rule}]})


@check()
def other_origins():
    Bucket = bucket()
    refused('404 NoSuchCORSConfiguration', main.get_bucket_cors, Bucket=Bucket)
    rule = {'AllowedMethods': ['GET', 'PUT'], 'AllowedOrigins': ['https://*.example.com'], 'AllowedHeaders': ['x-amz-*'], 'ExposeHeaders': ['ETag'], 'MaxAgeSeconds': 5}
    main.put_bucket_cors(Bucket=Bucket, CORSConfiguration={'CORSRules': [rule]})
    same(main.get_bucket_cors(Bucket=Bucket)['CORSRules'], [rule])
    ask = lambda origin, method: http('OPTIONS', f'{url}/{Bucket}/k', headers={'Origin': origin, 'Access-Control-Request-Method': method})
    status, _, headers = ask('https://a.example.com', 'PUT')
    same([status, headers['access-control-allow-origin'], headers['access-control-max-age']], [200, 'https://a.example.com', '5'])
    same([ask('https://evil.com', 'PUT')[0], ask('https://a.example.com', 'DELETE')[0]], [403, 403])
    main.delete_bucket_cors(Bucket=Bucket)


queue = 'arn:oort:sqs::alt:q'


@check()
def a_notification_configuration():
    Bucket = bucket()
    asked = [{'Id': 'q', 'QueueArn': queue, 'Events': ['s3:ObjectCreated:*', 's3:ObjectRemoved:DeleteMarkerCreated'], 'Filter': {'Key': {'FilterRules': [{'Name': 'Prefix', 'Value': 'a'}, {'Name': 'Suffix', 'Value': '.b'}]}}}]
    main.put_bucket_notification_configuration(Bucket=Bucket, NotificationConfiguration={'QueueConfigurations': asked, 'EventBridgeConfiguration': {}})
    found = main.get_bucket_notification_configuration(Bucket=Bucket)
    same([found['QueueConfigurations'], 'EventBridgeConfiguration' in found], [asked, True])
    refused('403 AccessDenied', alt.get_bucket_notification_configuration, Bucket=Bucket)
    main.put_bucket_notification_configuration(Bucket=Bucket, NotificationConfiguration={})
    same('QueueConfigurations' in main.get_bucket_notification_configuration(Bucket=Bucket), False)


@check(('an overlap', [{'QueueArn': queue, 'Events': ['s3:ObjectCreated:*']}, {'QueueArn': queue, 'Events': ['s3:ObjectCreated:Put']}]), ('an unknown event', [{'QueueArn': queue, 'Events': ['s3:ObjectFlown']}]),
       ('an unknown queue', [{'QueueArn': 'arn:aws:sqs:us-east-1:123456789012:q', 'Events': ['s3:ObjectCreated:*']}]))
def a_notification_configuration_is_refused(_why, asked):
    refused('400 InvalidArgument', main.put_bucket_notification_configuration, Bucket=bucket(), NotificationConfiguration={'QueueConfigurations': asked})


@check()
def tags_of_a_bucket():
    Bucket = bucket()
    refused('404 NoSuchTagSet', main.get_bucket_tagging, Bucket=Bucket)
    main.put_bucket_tagging(Bucket=Bucket, Tagging={'TagSet': [{'Key': 'a', 'Value': 'b'}]})
    same(main.get_bucket_tagging(Bucket=Bucket)['TagSet'], [{'Key': 'a', 'Value': 'b'}])
    main.delete_bucket_tagging(Bucket=Bucket)
    refused('404 NoSuchTagSet', main.get_bucket_tagging, Bucket=Bucket)


@check()
def encryption_of_a_bucket():
    Bucket = bucket()
    rule = main.get_bucket_encryption(Bucket=Bucket)['ServerSideEncryptionConfiguration']['Rules'][0]
    same(rule['ApplyServerSideEncryptionByDefault']['SSEAlgorithm'], 'AES256')
    same(main.put_object(Bucket=Bucket, Key='k', Body=b'x', ServerSideEncryption='AES256')['ServerSideEncryption'], 'AES256')
    same(main.head_object(Bucket=Bucket, Key='k')['ServerSideEncryption'], 'AES256')


@check('website', 'logging', 'replication', 'accelerate_configuration', 'request_payment', 'inventory_configuration')
def what_is_not_here_says_so(name):
    Bucket = bucket()
    more = {'Id': 'x'} if name == 'inventory_configuration' else {}
    refused('501 NotImplemented', getattr(main, f'get_bucket_{name}'), Bucket=Bucket, **more)
